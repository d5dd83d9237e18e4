import type { User } from "./authenticate.ts";

/** What a user is about to do. */
export interface Deed {
  readonly method: string;
  readonly path: string;
}

/** Decides whether a user may do something; the reason is for the user who may not. */
export type Authorizer = (
  user: User,
  deed: Deed,
) => { readonly allowed: true } | { readonly allowed: false; readonly reason: string };

/** Everyone who has a certificate or a token of this server administers it. */
export const allowAuthenticated: Authorizer = () => ({ allowed: true });
