import { stringifyJson } from "../../lib/json.ts";
import type { Answerer } from "../auth/reviews/question.ts";
import type { Served } from "../registry.ts";
import { methodNotAllowed } from "../status.ts";
import { admitted, identified } from "../verbs/admission.ts";
import type { Api, Target } from "../verbs/verb.ts";
import { contentType, parseObject, readBody } from "./body.ts";
import { writeOptions } from "./query.ts";
import type { ResourceRequest } from "./request.ts";
import type { Answer } from "./respond.ts";

/** By collection, and `collection/subresource`: who answers the questions that are posted there. */
export type Answerers = ReadonlyMap<string, Answerer>;

/** What is posted to a path is a question when its kind is never stored: reviews, requests for tokens. */
export function questionTarget(
  served: Served,
  { namespace, subresource }: ResourceRequest["path"],
): Target | undefined {
  const at = namespace === undefined ? {} : { namespace };
  if (served.kind.isRequest) return { served, ...at };
  const under = served.kind.subresources?.find(({ name, kind }) => name === subresource && kind.isRequest);
  return under && { served: { ...served, kind: under.kind, collection: `${served.collection}/${under.name}` }, ...at };
}

/** The question, completed by its answer. Nothing is stored. */
export async function answerQuestion(
  api: Api & { readonly answers: Answerers },
  { request, query, user, path }: ResourceRequest,
  target: Target,
): Promise<Answer> {
  const answer = api.answers.get(target.served.collection);
  const isUnderObject = path.subresource !== undefined;
  if (request.method !== "POST" || !answer || (path.name !== undefined) !== isUnderObject) throw methodNotAllowed();
  const body = await parseObject(await readBody(request), contentType(request));
  const { status: _, ...asked } = identified(target, body);
  const { object, warnings } = admitted(api, target, asked, { options: writeOptions(query, request) });
  const answered = answer({ object, user, namespace: path.namespace ?? "", name: path.name ?? "" });
  return { code: 201, body: Buffer.from(stringifyJson(answered)), warnings };
}
