import { Failure, isFailure } from "../../lib/failure.ts";
import type { Client } from "../client/client.ts";
import { secrets, valuesOf } from "./secret.ts";
import type { SecretRef } from "./volume.ts";

/**
 * The values of a secret, as text, read live and kept nowhere; none where none is named.
 *
 * @throws Failure "notFound" that names the secret, "forbidden" when we may not read it
 */
export async function secretValues(
  ref: SecretRef | undefined,
  { client, signal }: { readonly client: Client; readonly signal: AbortSignal },
): Promise<Record<string, string>> {
  if (!ref) return {};
  try {
    return { ...valuesOf(await client.get(secrets, ref, { signal })) };
  } catch (error) {
    if (!isFailure(error, "notFound")) throw error;
    throw new Failure("notFound", `there is no Secret ${ref.namespace}/${ref.name}, which the class names: create it`, {
      cause: error,
    });
  }
}
