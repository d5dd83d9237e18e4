import { createHash } from "node:crypto";
import type { TLSSocket } from "node:tls";
import type { HttpRequest } from "../http/body.ts";
import { unauthorized } from "../status.ts";

/** Who sent a request. */
export interface User {
  readonly name: string;
  readonly groups: readonly string[];
  readonly uid?: string;
  /** What else is known, such as the id of the token. */
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export const adminGroup = "system:masters";
export const authenticatedGroup = "system:authenticated";

/** Finds out whose a bearer token is; undefined if nobody's, or no longer. */
export type TokenAuthenticator = (token: string) => User | undefined;

/** Tokens of users who stay. They are kept by their hash, so that looking one up tells nothing by the time it takes. */
export function fixedTokens(users: readonly { readonly token: string; readonly user: User }[]): TokenAuthenticator {
  const byHash = new Map(users.map(({ token, user }) => [hashOf(token), user]));
  return (token) => byHash.get(hashOf(token));
}

export const hashOf = (token: string) => createHash("sha256").update(token).digest("base64");

/** The user of a request, by its bearer token or else its client certificate. @throws Failure "unauthenticated" */
export function authenticate(request: HttpRequest, ofToken: TokenAuthenticator): User {
  const { authorization } = request.headers;
  const user =
    authorization === undefined ? certifiedUser(request.socket as TLSSocket) : bearer(authorization, ofToken);
  if (!user) throw unauthorized();
  return user;
}

function bearer(authorization: string, ofToken: TokenAuthenticator): User | undefined {
  const [scheme = "", token = ""] = authorization.split(" ", 2);
  return scheme.toLowerCase() === "bearer" ? ofToken(token) : undefined;
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
  const user = { name, groups: [...groups, authenticatedGroup] };
  certified.set(socket, user);
  return user;
}
