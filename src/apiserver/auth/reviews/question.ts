import type { JsonObject } from "../../../lib/json.ts";
import type { User } from "../authenticate.ts";

/** An object that is a question to the server, as a user sent it. */
export interface Question {
  /** Of the shape its schema asks for, without its status. */
  readonly object: JsonObject;
  readonly user: User;
  readonly namespace: string;
  /** The object under which it was asked, for subresources. */
  readonly name: string;
}

/** The object with its answer. @throws Failure "invalid" for a question that cannot be answered */
export type Answerer = (question: Question) => JsonObject;

/** A user as reviews and webhooks show it. */
export const userInfo = ({ name, uid, groups, extra }: User): JsonObject => ({
  ...(name !== "" && { username: name }),
  ...(uid && { uid }),
  ...(groups.length > 0 && { groups }),
  ...(extra && { extra }),
});
