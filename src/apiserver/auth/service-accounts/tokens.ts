import type { Clock } from "../../../lib/clock.ts";
import type { JsonObject } from "../../../lib/json.ts";
import type { Random } from "../../../lib/random.ts";
import { at, objectAt, textAt, textsAt } from "../../kinds/read.ts";
import { collectionOf } from "../../registry.ts";
import type { Store } from "../../store/store.ts";
import { authenticatedGroup, hashOf, type User } from "../authenticate.ts";
import type { Signer } from "./jwt.ts";
import { type Account, serviceAccountGroups, serviceAccountName } from "./names.ts";

/** Who issues the tokens, and for whom they are meant unless another audience is asked for. */
export const issuer = "https://kubernetes.default.svc";

/** An object with which a token ends. */
export interface Bound {
  readonly kind: "Pod" | "Secret" | "Node";
  readonly name: string;
  readonly uid: string;
}

export interface TokenDraft {
  readonly account: Account & { readonly uid: string };
  readonly audiences: readonly string[];
  readonly lifeSeconds: number;
  readonly bound?: Bound;
}

export interface TokenVerdict {
  readonly user?: User;
  /** Of the audiences asked for, those the token is for. */
  readonly audiences?: readonly string[];
  /** Why there is no user. */
  readonly problem?: string;
}

/** Tokens of service accounts: who has one is that account, until it expires or what it is bound to goes. */
export interface ServiceAccountTokens {
  issue(draft: TokenDraft): { readonly token: string; readonly expiresAt: Date };
  /** Undefined for a token that is not of this server's service accounts. */
  authenticate(token: string, audiences?: readonly string[]): TokenVerdict | undefined;
}

/** Signatures are looked at once; of tokens in use that is all but a few. */
const knownLimit = 1000;

export interface TokenParts {
  readonly store: Store;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly random: Random;
}

export function serviceAccountTokens({ store, signer, clock, random }: TokenParts): ServiceAccountTokens {
  const known = new Map<string, JsonObject>();
  const read = (token: string): JsonObject | undefined => {
    const hash = hashOf(token);
    const claims = known.get(hash) ?? signer.read(token);
    if (!claims) return undefined;
    if (known.size >= knownLimit) known.delete(known.keys().next().value ?? "");
    known.set(hash, claims);
    return claims;
  };
  return {
    issue(draft) {
      const now = Math.floor(clock.now().getTime() / 1000);
      const claims = claimsOf(draft, { now, id: random.uuid() });
      return { token: signer.sign(claims), expiresAt: new Date((now + draft.lifeSeconds) * 1000) };
    },
    authenticate(token, audiences = [issuer]) {
      const claims = read(token);
      return claims && verdictOf(store, claims, { audiences, nowSeconds: clock.now().getTime() / 1000 });
    },
  };
}

/** Kubernetes' own claims stand under this name. */
const ownClaims = "kubernetes.io";

function claimsOf(
  { account, audiences, lifeSeconds, bound }: TokenDraft,
  made: { now: number; id: string },
): JsonObject {
  const { namespace, name, uid } = account;
  return {
    aud: audiences,
    exp: made.now + lifeSeconds,
    iat: made.now,
    iss: issuer,
    jti: made.id,
    [ownClaims]: {
      namespace,
      serviceaccount: { name, uid },
      ...(bound && { [bound.kind.toLowerCase()]: { name: bound.name, uid: bound.uid } }),
    },
    nbf: made.now,
    sub: serviceAccountName(account),
  };
}

interface Asked {
  readonly audiences: readonly string[];
  readonly nowSeconds: number;
}

function verdictOf(store: Store, claims: JsonObject, { audiences, nowSeconds }: Asked): TokenVerdict {
  if (nowSeconds >= Number(claims.exp)) return { problem: "service account token has expired" };
  if (nowSeconds < Number(claims.nbf)) return { problem: "service account token is not valid yet" };
  const own = textsAt(claims, "aud");
  const common = audiences.filter((audience) => own.includes(audience));
  if (common.length === 0) {
    const shown = (list: readonly string[]) => `[${list.map((one) => JSON.stringify(one)).join(" ")}]`;
    return { problem: `token audiences ${shown(own)} is invalid for the target audiences ${shown(audiences)}` };
  }
  const gone = whatIsGone(store, claims);
  return gone === undefined ? { user: userOf(claims), audiences: common } : { problem: gone };
}

/** What a token may be bound to, and where that is kept. */
export const boundKinds = {
  ServiceAccount: { claim: "serviceaccount", plural: "serviceaccounts", namespaced: true },
  Pod: { claim: "pod", plural: "pods", namespaced: true },
  Secret: { claim: "secret", plural: "secrets", namespaced: true },
  Node: { claim: "node", plural: "nodes", namespaced: false },
} as const;

function whatIsGone(store: Store, claims: JsonObject): string | undefined {
  const own = objectAt(claims, ownClaims);
  for (const { claim, plural, namespaced } of Object.values(boundKinds)) {
    if (own[claim] === undefined) continue;
    const name = textAt(own, claim, "name");
    const key = { namespace: namespaced ? textAt(own, "namespace") : "", name };
    const stored = store.collection(collectionOf("", plural)).get(key);
    if (stored?.metadata.uid !== at(own, claim, "uid"))
      return `${plural} "${name}" not found: the token was given for it`;
  }
  return undefined;
}

function userOf(claims: JsonObject): User {
  const own = objectAt(claims, ownClaims);
  const namespace = textAt(own, "namespace");
  const extra = {
    "authentication.kubernetes.io/credential-id": [`JTI=${textAt(claims, "jti")}`],
    ...partsOf(own, "node"),
    ...partsOf(own, "pod"),
  };
  return {
    name: textAt(claims, "sub"),
    uid: textAt(own, "serviceaccount", "uid"),
    groups: [...serviceAccountGroups(namespace), authenticatedGroup],
    extra,
  };
}

function partsOf(own: JsonObject, claim: string): Record<string, readonly string[]> {
  if (own[claim] === undefined) return {};
  return Object.fromEntries(
    ["name", "uid"].map((part) => [`authentication.kubernetes.io/${claim}-${part}`, [textAt(own, claim, part)]]),
  );
}
