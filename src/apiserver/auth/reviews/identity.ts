import type { Clock } from "../../../lib/clock.ts";
import { objectAt, textAt, textsAt } from "../../kinds/read.ts";
import { badRequest } from "../../status.ts";
import { timestamp } from "../../verbs/verb.ts";
import type { TokenAuthenticator } from "../authenticate.ts";
import { issuer, type ServiceAccountTokens, type TokenVerdict } from "../service-accounts/tokens.ts";
import { type Answerer, userInfo } from "./question.ts";

/** Who asks. */
export const selfSubject =
  (clock: Clock): Answerer =>
  ({ object, user }) => ({
    ...object,
    metadata: { ...objectAt(object, "metadata"), creationTimestamp: timestamp(clock.now()) },
    status: { userInfo: userInfo(user) },
  });

export interface TokenSources {
  /** The tokens of users who stay; they are good for every audience. */
  readonly fixed: TokenAuthenticator;
  readonly accounts: ServiceAccountTokens;
}

/** Whose a token is. */
export const tokenOwner =
  (sources: TokenSources): Answerer =>
  ({ object }) => {
    const token = textAt(object, "spec", "token");
    if (token === "") throw badRequest("token is required for TokenReview in authentication");
    const asked = textsAt(object, "spec", "audiences");
    const { user, audiences, problem } = verdictOf(sources, token, asked.length > 0 ? asked : [issuer]);
    if (user) return { ...object, status: { authenticated: true, user: userInfo(user), audiences: audiences ?? [] } };
    const error = problem === undefined ? "invalid bearer token" : `[invalid bearer token, ${problem}]`;
    return { ...object, status: { user: {}, error } };
  };

function verdictOf({ fixed, accounts }: TokenSources, token: string, audiences: readonly string[]): TokenVerdict {
  const user = fixed(token);
  return user ? { user, audiences } : (accounts.authenticate(token, audiences) ?? {});
}
