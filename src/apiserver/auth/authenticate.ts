import { createHash } from "node:crypto";
import type { TLSSocket } from "node:tls";
import type { HttpRequest } from "../http/body.ts";
import { unauthorized } from "../status.ts";

/** Who sent a request. */
export interface User {
  readonly name: string;
  readonly groups: readonly string[];
}

export const adminGroup = "system:masters";

/** Tokens are kept by their hash, so that looking one up tells nothing by the time it takes. */
export type Tokens = ReadonlyMap<string, User>;

export function tokensOf(users: readonly { readonly token: string; readonly user: User }[]): Tokens {
  return new Map(users.map(({ token, user }) => [hashOf(token), user]));
}

const hashOf = (token: string) => createHash("sha256").update(token).digest("base64");

/** The user of a request, by its bearer token or else its client certificate. @throws Failure "unauthenticated" */
export function authenticate(request: HttpRequest, tokens: Tokens): User {
  const { authorization } = request.headers;
  const user = authorization === undefined ? certifiedUser(request.socket as TLSSocket) : bearer(authorization, tokens);
  if (!user) throw unauthorized();
  return user;
}

function bearer(authorization: string, tokens: Tokens): User | undefined {
  const [scheme = "", token = ""] = authorization.split(" ", 2);
  return scheme.toLowerCase() === "bearer" ? tokens.get(hashOf(token)) : undefined;
}

/** Reading a certificate costs more than a request, and a connection has only one. */
const certified = new WeakMap<object, User>();

function certifiedUser(socket: TLSSocket): User | undefined {
  if (!socket.authorized) return undefined;
  const known = certified.get(socket);
  if (known) return known;
  const { subject } = socket.getPeerCertificate() as { subject?: Record<string, string | readonly string[]> }; // {} without one
  if (!subject) return undefined;
  const name = subject.CN;
  if (typeof name !== "string" || name === "") return undefined;
  const groups = subject.O === undefined ? [] : [subject.O].flat();
  const user = { name, groups: [...groups, "system:authenticated"] };
  certified.set(socket, user);
  return user;
}
