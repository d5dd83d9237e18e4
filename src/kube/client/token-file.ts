import { readFile } from "node:fs/promises";
import type { Clock } from "../../lib/clock.ts";
import { Failure } from "../../lib/failure.ts";
import { bearer, type Credential, type Credentials } from "./connection.ts";

/** The kubelet renews tokens long before they end; reading this often is what client-go does. */
const keptMs = 60_000;

/** A token that is kept in a file and renewed there by somebody else. */
export function tokenFileCredentials(options: {
  readonly path: string;
  /** `FILE: user "x": tokenFile`, for messages. */
  readonly what: string;
  readonly clock: Clock;
}): Credentials {
  const { path, what, clock } = options;
  let kept: { readonly credential: Credential; readonly token: string; readonly untilMs: number } | undefined;
  return {
    async current() {
      if (kept && clock.monotonicMs() < kept.untilMs) return kept.credential;
      const token = await readToken(path, what);
      const credential = kept?.token === token ? kept.credential : bearer(token);
      kept = { credential, token, untilMs: clock.monotonicMs() + keptMs };
      return credential;
    },
    renew(refused) {
      if (kept?.credential === refused) kept = { ...kept, untilMs: 0 };
      return true;
    },
  };
}

async function readToken(path: string, what: string): Promise<string> {
  const token = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new Failure("unauthenticated", `${what}: the token file ${path} cannot be read (${error.code})`);
  });
  if (token.trim() === "") throw new Failure("unauthenticated", `${what}: the token file ${path} is empty`);
  return token.trim();
}
