import { Failure, isFailure } from "../lib/failure.ts";
import type { ActContext } from "./controller/controller.ts";
import type { Draft, KubeObject, Resource } from "./object.ts";

/** What a write needs: it goes through the client that remembers writes. */
export type Writing = Pick<ActContext, "client" | "signal">;

/**
 * Creates an object whose name was computed from a uid. Where the name is taken, the object that has it is read, and is
 * as good as created if it is ours.
 *
 * @throws Failure "exists" if the name belongs to somebody else's object
 */
export async function ensureObject<T extends KubeObject>(
  resource: Resource<T>,
  wanted: { readonly draft: Draft<T> & { readonly metadata: { readonly name: string } }; isOurs(found: T): boolean },
  { client, signal }: Writing,
): Promise<void> {
  const { name, namespace } = wanted.draft.metadata;
  try {
    await client.create(resource, wanted.draft, { signal });
  } catch (error) {
    if (!isFailure(error, "exists")) throw error;
    const found = await client.find(resource, { namespace, name }, { signal });
    if (found && wanted.isOurs(found)) return;
    if (!found) throw new Failure("conflict", `${resource.kind} ${name} was there and is gone`, { cause: error });
    throw new Failure("exists", `cannot create ${resource.kind} ${name}: the name is taken by another owner's object`, {
      cause: error,
    });
  }
}

/**
 * Puts a finalizer on this very object, whatever else was changed on it meanwhile.
 *
 * @throws Failure "conflict" if its first finalizer came or went since it was read; "notFound" if it is gone
 */
export async function addFinalizer<T extends KubeObject>(
  resource: Resource<T>,
  object: T,
  finalizer: string,
  { client, signal }: Writing,
): Promise<void> {
  const { uid, resourceVersion, finalizers = [] } = object.metadata;
  if (finalizers.includes(finalizer)) return;
  if (finalizers.length === 0) {
    const patch = { metadata: { uid, resourceVersion, finalizers: [finalizer] } };
    await client.patch(resource, object.metadata, { type: "merge", patch }, { signal });
    return;
  }
  await patchTested(resource, object, [{ op: "add", path: "/metadata/finalizers/-", value: finalizer }], {
    client,
    signal,
  });
}

/**
 * Takes a finalizer off this very object, whatever else was changed on it meanwhile. An object that is gone is fine.
 *
 * @throws Failure "conflict" if its finalizers moved since it was read
 */
export async function removeFinalizer<T extends KubeObject>(
  resource: Resource<T>,
  object: T,
  finalizer: string,
  { client, signal }: Writing,
): Promise<void> {
  const index = object.metadata.finalizers?.indexOf(finalizer) ?? -1;
  if (index < 0) return;
  const path = `/metadata/finalizers/${index}`;
  try {
    const operations = [{ op: "test", path, value: finalizer } as const, { op: "remove", path } as const];
    await patchTested(resource, object, operations, { client, signal });
  } catch (error) {
    if (!isFailure(error, "notFound")) throw error;
  }
}

/** Sets annotations of this very object, or removes those given as null. @throws Failure "notFound" if it is gone */
export async function annotate<T extends KubeObject>(
  resource: Resource<T>,
  object: T,
  annotations: Readonly<Record<string, string | null>>,
  { client, signal }: Writing,
): Promise<void> {
  const patch = { metadata: { uid: object.metadata.uid, annotations } };
  await client.patch(resource, object.metadata, { type: "merge", patch }, { signal });
}

/** Deletes this very object; one of the same name that came later stays. */
export async function deleteObject<T extends KubeObject>(
  resource: Resource<T>,
  object: T,
  { client, signal }: Writing,
): Promise<void> {
  await client.delete(resource, object.metadata, { uid: object.metadata.uid, signal });
}

type Operations = Extract<Parameters<Writing["client"]["patch"]>[2], { readonly type: "json" }>["operations"];

/** A JSON patch of the object with this uid. A test that fails means that somebody else was faster. */
async function patchTested<T extends KubeObject>(
  resource: Resource<T>,
  object: T,
  operations: Operations,
  { client, signal }: Writing,
): Promise<void> {
  const { uid, name } = object.metadata;
  const tested: Operations = [{ op: "test", path: "/metadata/uid", value: uid }, ...operations];
  try {
    await client.patch(resource, object.metadata, { type: "json", operations: tested }, { signal });
  } catch (error) {
    if (!isFailure(error, "invalid")) throw error;
    throw new Failure("conflict", `${resource.kind} ${name} changed since it was read`, { cause: error });
  }
}
