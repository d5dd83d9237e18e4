import type { JsonObject } from "../../lib/json.ts";
import type { Asking } from "../admission/request.ts";
import type { RequestReview } from "../admission/reviews.ts";
import { answered } from "../admission/unanswered.ts";
import type { Auth } from "../auth/auth.ts";
import { protobufType } from "../protobuf/protobuf.ts";
import type { Served } from "../registry.ts";
import { methodNotAllowed, noProtobuf, noSuchPath, notFound, success } from "../status.ts";
import { create } from "../verbs/create.ts";
import { get } from "../verbs/get.ts";
import { type Listed, list } from "../verbs/list.ts";
import { applyPatchType, checkPatchType, patch } from "../verbs/patch.ts";
import { type Removed, remove } from "../verbs/remove.ts";
import { removeItem } from "../verbs/remove-collection.ts";
import { getScale, patchScale, updateScale } from "../verbs/scale.ts";
import { update } from "../verbs/update.ts";
import type { Api, ObjectTarget, Subresource, Target, WriteOptions, Written } from "../verbs/verb.ts";
import { watch } from "../verbs/watch.ts";
import type { WatchHub } from "../watch/hub.ts";
import { negotiated } from "./accept.ts";
import { contentType, type HttpRequest, parseObject, parseValue, readBody } from "./body.ts";
import { duplicatesIn } from "./duplicates.ts";
import { inFormat, watchTypes } from "./format.ts";
import { checkForce } from "./manager.ts";
import { listOptions, removeOptions, truth, watchOptions, writeOptions } from "./query.ts";
import { type Answerers, answerQuestion, questionTarget } from "./question.ts";
import { eventEncoder, type Presentation, renderList, renderObject } from "./render.ts";
import type { ResourceRequest } from "./request.ts";
import { type Answer, statusAnswer, stream } from "./respond.ts";
import type { ResourcePath } from "./route.ts";

type ServingApi = Api & {
  readonly hub: WatchHub;
  /** @throws Failure "forbidden" if the user may not do what is asked */
  readonly demand: Auth["demand"];
  readonly answers: Answerers;
  /** Who looks at what a user is about to write. */
  readonly reviewOf: (asking: Asking) => RequestReview;
};

/** What the verb of a resource request answers; undefined once a watch has been served. */
export async function serveResource(api: ServingApi, call: ResourceRequest): Promise<Answer | undefined> {
  const served = api.registry.find(call.path);
  if (!served) throw noSuchPath(call.request.url?.split("?", 1)[0] ?? "");
  const { namespace, name } = call.path;
  if (served.kind.namespaced ? namespace === undefined && name !== undefined : namespace !== undefined)
    throw noSuchPath(call.request.url?.split("?", 1)[0] ?? "");
  const question = questionTarget(served, call.path);
  if (question) return formatted(await answerQuestion(api, call, question), call, served);
  const target: Target = { served, ...(namespace !== undefined && { namespace }) };
  const answer =
    name === undefined
      ? await serveCollection(api, call, target)
      : await serveObject(api, call, { ...target, name, ...subresourceOf(served, call.path) });
  if (!answer) return undefined;
  await api.store.settled(); // nobody hears of what is not durable; at once, as another turn has another transaction
  return formatted(answer, call, served);
}

function formatted(answer: Answer, { request, query }: ResourceRequest, { custom }: Served): Promise<Answer> {
  const { format } = negotiated(request.headers.accept, custom);
  return inFormat(answer, format === "json" && isTrue(query.get("pretty")) ? "indented" : format);
}

/** `pretty` is for people; any other value of it asks for nothing. */
const isTrue = (text: string | null) => text === "true" || text === "1";

function subresourceOf(served: Served, { name, subresource }: ResourcePath): { readonly subresource?: Subresource } {
  if (subresource === undefined) return {};
  if (subresource === "status" && served.kind.hasStatus) return { subresource };
  if (subresource === "scale" && served.kind.subresources?.some(({ name: one }) => one === subresource))
    return { subresource };
  if (subresource === "finalize" && served.kind.hasFinalize) return { subresource };
  throw notFound(served.kind, `${name}/${subresource}`);
}

async function serveCollection(api: ServingApi, call: ResourceRequest, target: Target): Promise<Answer | undefined> {
  const { query, request } = call;
  switch (request.method) {
    case "GET": {
      if (truth(query, "watch")) return serveWatch(api, call, target);
      const options = listOptions(query);
      const ofThePast = options.continueToken || options.resourceVersionMatch;
      const read = () => list(api, target, options);
      return listAnswer(target, ofThePast ? await api.store.whenQuiet(read) : read(), presentation(api, call, target));
    }
    case "POST": {
      if (target.served.kind.namespaced && target.namespace === undefined) throw methodNotAllowed();
      const { object, duplicates } = await objectBody(request, target);
      return written(api, call, target, (options) => create(api, target, object, { ...options, duplicates }));
    }
    case "DELETE": {
      if (target.served.kind.namespaced && target.namespace === undefined) throw methodNotAllowed();
      const how = presentation(api, call, target);
      const options = removeOptions(query, await deleteBody(request));
      const review = api.reviewOf({ user: call.user, dryRun: options.dryRun });
      const found = list(api, target, listOptions(query));
      for (const item of found.items) await answered(() => removeItem(api, target, item, { ...options, review }));
      return listAnswer(target, found, how);
    }
    default:
      throw methodNotAllowed();
  }
}

async function serveObject(api: ServingApi, call: ResourceRequest, target: ObjectTarget): Promise<Answer | undefined> {
  const { query, request } = call;
  switch (request.method) {
    case "GET": {
      if (target.subresource === "scale") return { code: 200, body: getScale(api, target).bytes };
      const view = get(api, target, query.get("resourceVersion") ?? undefined);
      return { code: 200, body: renderObject(view, presentation(api, call, target)), warnings: warningsOf(target) };
    }
    case "PUT": {
      const { object, duplicates } = await objectBody(request, target);
      const verb = target.subresource === "scale" ? updateScale : update;
      const demandCreate = demandToCreate(api, call);
      return written(api, call, target, (options) =>
        verb(api, target, object, { ...options, duplicates, demandCreate }),
      );
    }
    case "PATCH":
      return servePatch(api, call, target);
    case "DELETE": {
      if (target.subresource) throw methodNotAllowed();
      const how = presentation(api, call, target);
      const options = removeOptions(query, await deleteBody(request));
      const review = api.reviewOf({ user: call.user, dryRun: options.dryRun });
      const removed = await answered(() => remove(api, target, { ...options, review }));
      return removedAnswer(target, removed, { how, warnings: review.warnings });
    }
    default:
      throw methodNotAllowed();
  }
}

/** For what may turn out to be a creation. */
const demandToCreate = (api: ServingApi, call: ResourceRequest) => () =>
  api.demand(call.user, { ...call, method: "POST", path: "", resource: call.path });

async function servePatch(api: ServingApi, call: ResourceRequest, target: ObjectTarget): Promise<Answer> {
  const { query, request } = call;
  const mediaType = contentType(request);
  checkPatchType(target, mediaType);
  checkForce(query, mediaType === applyPatchType);
  const body = await readBody(request);
  const asked = { mediaType, patch: await parseValue(body, mediaType), force: truth(query, "force") ?? false };
  const duplicates = await duplicatesIn(body, mediaType);
  const verb = target.subresource === "scale" ? patchScale : patch;
  const demandCreate = demandToCreate(api, call);
  return written(api, call, target, (options) => verb(api, target, asked, { ...options, duplicates, demandCreate }));
}

/** Runs a verb that writes, once everybody who has a say was heard. */
async function written(
  api: ServingApi,
  call: ResourceRequest,
  target: Target,
  verb: (options: WriteOptions) => Written,
): Promise<Answer> {
  const how = presentation(api, call, target);
  const options = writeOptions(call.query, call.request);
  const review = api.reviewOf({ user: call.user, dryRun: options.dryRun });
  const { code, view, warnings } = await answered(() => verb({ ...options, review }));
  return { code, body: renderObject(view, how), warnings: [...warningsOf(target), ...review.warnings, ...warnings] };
}

async function serveWatch(api: ServingApi, call: ResourceRequest, target: Target): Promise<undefined> {
  const { response, query, left } = call;
  const how = presentation(api, call, target);
  const encoder = eventEncoder(how);
  const open = () => stream(response, watchTypes[how.wanted.format], warningsOf(target));
  await watch(api, target, watchOptions(query), { encoder, open, left: left() });
}

function presentation(api: Api, { request, query }: ResourceRequest, { served }: Target): Presentation {
  const includeObject = query.get("includeObject");
  return {
    served,
    wanted: negotiated(request.headers.accept, served.custom),
    includeObject: includeObject === "None" || includeObject === "Object" ? includeObject : "Metadata",
    now: () => api.clock.now(),
  };
}

async function objectBody(request: HttpRequest, { served }: Target) {
  const mediaType = contentType(request);
  if (mediaType === protobufType && served.custom) throw noProtobuf();
  const body = await readBody(request);
  return { object: await parseObject(body, mediaType), duplicates: await duplicatesIn(body, mediaType) };
}

async function deleteBody(request: HttpRequest): Promise<JsonObject | undefined> {
  const body = await readBody(request);
  return body.length === 0 ? undefined : parseObject(body, contentType(request));
}

const warningsOf = ({ served }: Target) => (served.kind.deprecation ? [served.kind.deprecation] : []);

interface Told {
  readonly how: Presentation;
  readonly warnings: readonly string[];
}

function removedAnswer(target: ObjectTarget, removed: Removed, { how, warnings }: Told): Answer {
  const { kind } = target.served;
  const all = [...warningsOf(target), ...warnings];
  if (!removed.gone) return { code: 200, body: renderObject(removed.view, how), warnings: all };
  const { uid } = removed.view.object.metadata as { uid?: string }; // of an object that was admitted
  const group = kind.group ? { group: kind.group } : {};
  const details = { name: target.name, ...group, kind: kind.plural, ...(uid !== undefined && { uid }) };
  return { ...statusAnswer(success(details)), warnings: all };
}

function listAnswer(target: Target, listed: Listed, how: Presentation): Answer {
  const metadata = {
    resourceVersion: String(listed.revision),
    ...(listed.continueToken !== undefined && { continue: listed.continueToken }),
    ...(listed.remainingItemCount !== undefined && { remainingItemCount: listed.remainingItemCount }),
  };
  const views = listed.items.map((stored) => target.served.view(stored));
  return { code: 200, body: renderList(views, metadata, how), warnings: warningsOf(target) };
}
