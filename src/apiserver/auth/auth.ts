import type { JsonObject } from "../../lib/json.ts";
import type { HttpRequest } from "../http/body.ts";
import { collectionOf } from "../registry.ts";
import type { Api, Review } from "../verbs/verb.ts";
import { adminGroup, authenticate, authenticatedGroup, fixedTokens, type User } from "./authenticate.ts";
import { demand } from "./authorize.ts";
import { adminName, type Credentials } from "./credentials.ts";
import { type Asked, deedOf } from "./deed.ts";
import { impersonated } from "./impersonate.ts";
import { aggregateRoles } from "./rbac/aggregate.ts";
import { ensureDefaultRoles } from "./rbac/default-roles.ts";
import { rbacReview } from "./rbac/escalation.ts";
import { type Grants, openGrants } from "./rbac/grants.ts";
import { localSubjectAccess, selfSubjectAccess, selfSubjectRules, subjectAccess } from "./reviews/access.ts";
import { selfSubject, tokenOwner } from "./reviews/identity.ts";
import type { Answerer } from "./reviews/question.ts";
import { ensureDefaultAccounts } from "./service-accounts/default-account.ts";
import { signerOf, signingAlgorithm } from "./service-accounts/jwt.ts";
import { tokenFor } from "./service-accounts/token-request.ts";
import { issuer, serviceAccountTokens } from "./service-accounts/tokens.ts";

/** Who users are, and what they may do. */
export interface Auth {
  readonly grants: Grants;
  /** Whom a request is to be treated as. @throws Failure "unauthenticated", "forbidden" */
  userOf(request: HttpRequest): User;
  /** @throws Failure "forbidden" if the user may not do what the request asks */
  demand(user: User, asked: Asked): void;
  /** Looks at a user's writes of roles and bindings. */
  readonly ownReview: (user: User) => Review;
  /** By the collections, and subresources of collections, whose objects are questions about users. */
  readonly answers: ReadonlyMap<string, Answerer>;
  /** What others need to verify the tokens of service accounts, by path. */
  readonly documents: ReadonlyMap<string, (host: string) => JsonObject>;
}

/** Opens what there is to authentication and authorization, and creates the roles and accounts every cluster has. */
export function openAuth(api: Api, credentials: Credentials): Auth {
  const grants = openGrants(api.store);
  ensureDefaultRoles(api);
  aggregateRoles(api);
  ensureDefaultAccounts(api);
  const { store, clock, random } = api;
  const signer = signerOf(credentials.signingKeyPem);
  const accounts = serviceAccountTokens({ store, signer, clock, random });
  const admin = { name: adminName, groups: [adminGroup, authenticatedGroup] };
  const fixed = fixedTokens([{ token: credentials.adminToken, user: admin }]);
  const ofToken = (token: string) => fixed(token) ?? accounts.authenticate(token)?.user;
  const { authorize } = grants;
  return {
    grants,
    userOf: (request) => impersonated(request, authenticate(request, ofToken), authorize),
    demand: (user, asked) => demand(authorize, user, deedOf(asked)),
    ownReview: (user) => rbacReview(grants, user),
    answers: new Map([
      ...accessAnswers(grants),
      [collectionOf("authentication.k8s.io", "tokenreviews"), tokenOwner({ fixed, accounts })],
      [collectionOf("authentication.k8s.io", "selfsubjectreviews"), selfSubject(clock)],
      [`${collectionOf("", "serviceaccounts")}/token`, tokenFor(store, accounts)],
    ]),
    documents: new Map([
      ["/openid/v1/jwks", () => signer.keySet],
      ["/.well-known/openid-configuration", issuerDocument],
    ]),
  };
}

function accessAnswers(grants: Grants): ReadonlyMap<string, Answerer> {
  const { authorize } = grants;
  const group = "authorization.k8s.io";
  return new Map([
    [collectionOf(group, "subjectaccessreviews"), subjectAccess(authorize)],
    [collectionOf(group, "localsubjectaccessreviews"), localSubjectAccess(authorize)],
    [collectionOf(group, "selfsubjectaccessreviews"), selfSubjectAccess(authorize)],
    [collectionOf(group, "selfsubjectrulesreviews"), selfSubjectRules(grants)],
  ]);
}

const issuerDocument = (host: string): JsonObject => ({
  issuer,
  jwks_uri: `https://${host}/openid/v1/jwks`,
  response_types_supported: ["id_token"],
  subject_types_supported: ["public"],
  id_token_signing_alg_values_supported: [signingAlgorithm],
});
