import { request } from "node:https";
import type { Clock } from "../../lib/clock.ts";
import { Failure, failureOf } from "../../lib/failure.ts";
import { type Json, type JsonObject, parseJson, stringifyJson } from "../../lib/json.ts";
import { at, isObject, objectAt, textAt, textsAt } from "../kinds/read.ts";
import type { Hook } from "./hooks.ts";

/** What a webhook says of a write. */
export interface HookAnswer {
  readonly allowed: boolean;
  /** What to tell the client when it is not allowed. */
  readonly status: JsonObject;
  readonly warnings: readonly string[];
  /** A JSON patch; undefined if nothing is to change. */
  readonly patch: Json | undefined;
}

/** As much as a request may have: what comes back is an object at most. */
const answerLimitBytes = 3 << 20;

/** Asks one webhook. @throws Failure "unavailable" that says which webhook failed, and why */
export async function askHook(hook: Hook, asked: JsonObject, clock: Clock): Promise<HookAnswer> {
  const apiVersion = `admission.k8s.io/${hook.reviewVersion}`;
  const body = stringifyJson({ kind: "AdmissionReview", apiVersion, request: asked });
  const text = await called(hook, body, clock);
  try {
    return parseAnswer(text, textAt(asked, "uid"));
  } catch (error) {
    throw failed(hook, `received invalid webhook response: ${failureOf(error).message}`, error);
  }
}

const failed = ({ name }: Hook, why: string, cause?: unknown) =>
  new Failure("unavailable", `failed calling webhook ${JSON.stringify(name)}: ${why}`, { cause });

async function called(hook: Hook, body: string, clock: Clock): Promise<string> {
  const over = new AbortController();
  const { url, service } = hook.client;
  try {
    if (service !== undefined)
      throw new Error(`service ${JSON.stringify(service)} not found: this server has no services`);
    const late = clock.sleep(hook.timeoutMs, over.signal).then(() => {
      throw new Error("context deadline exceeded");
    });
    return await Promise.race([post(hook, body, over.signal), late]);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const isAnswer = error instanceof AnswerError;
    throw failed(hook, `failed to call webhook: ${isAnswer ? "" : `Post ${JSON.stringify(url)}: `}${why}`, error);
  } finally {
    over.abort();
  }
}

/** The webhook answered, but with an error. */
class AnswerError extends Error {}

function post({ client }: Hook, body: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const options = {
      method: "POST",
      headers,
      signal,
      agent: false,
      ...(client.caPem && { ca: client.caPem }),
    } as const;
    const outgoing = request(client.url, options, (incoming) => {
      const chunks: Buffer[] = [];
      let sizeBytes = 0;
      incoming.on("data", (chunk: Buffer) => {
        sizeBytes += chunk.length;
        if (sizeBytes > answerLimitBytes)
          return void incoming.destroy(new Error(`its answer is over ${answerLimitBytes} bytes`));
        chunks.push(chunk);
      });
      incoming.on("error", reject);
      incoming.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        if (incoming.statusCode === 200) resolve(text);
        else reject(new AnswerError(refusal(incoming.statusCode, text)));
      });
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/** As much of an error page as helps. */
const shownLimit = 200;

const refusal = (code: number | undefined, text: string) =>
  `an error on the server (${JSON.stringify(text.slice(0, shownLimit))}, status ${code}) has prevented the request from succeeding`;

function parseAnswer(text: string, uid: string): HookAnswer {
  const review = parseJson(text);
  const response = isObject(review) ? at(review, "response") : undefined;
  if (!isObject(response)) throw new Failure("invalid", "webhook response was absent");
  const answered = textAt(response, "uid");
  if (answered !== uid)
    throw new Failure("invalid", `expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(answered)}`);
  return {
    allowed: response.allowed === true,
    status: objectAt(response, "status"),
    warnings: textsAt(response, "warnings"),
    patch: patchIn(response),
  };
}

function patchIn(response: JsonObject): Json | undefined {
  const patch = textAt(response, "patch");
  if (patch === "") return undefined;
  const type = textAt(response, "patchType");
  if (type !== "JSONPatch")
    throw new Failure("invalid", `webhook response is of patch type ${JSON.stringify(type)}, but must be "JSONPatch"`);
  return parseJson(Buffer.from(patch, "base64").toString("utf8"));
}
