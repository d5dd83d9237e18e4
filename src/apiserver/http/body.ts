import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest } from "node:http2";
import { Failure } from "../../lib/failure.ts";
import { type Json, type JsonObject, parseJson } from "../../lib/json.ts";
import { parseProtobuf, protobufType } from "../protobuf/protobuf.ts";
import { badRequest, bodyTooLarge, unsupportedMediaType } from "../status.ts";
import { applyPatchType } from "../verbs/patch.ts";
import { parseYaml } from "./yaml.ts";

export type HttpRequest = IncomingMessage | Http2ServerRequest;

/** What kube-apiserver accepts as well: larger objects fit no store. */
const bodyLimitBytes = 3 << 20;

/** The whole body. @throws Failure "tooLarge" over 3 MiB; "cancelled" if the client leaves before its end */
export function readBody(request: HttpRequest): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (Number(request.headers["content-length"] ?? 0) > bodyLimitBytes) {
      request.resume();
      return reject(bodyTooLarge(bodyLimitBytes));
    }
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    request.on("data", (chunk: Buffer) => {
      sizeBytes += chunk.length;
      if (sizeBytes <= bodyLimitBytes) chunks.push(chunk);
      else reject(bodyTooLarge(bodyLimitBytes));
    });
    request.on("end", () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    const gone = () => reject(new Failure("cancelled", "the client left before its request was complete"));
    request.on("aborted", gone);
    request.on("error", gone);
  });
}

/** The media type of a body, without its parameters; JSON where the client names none. */
export function contentType(request: HttpRequest): string {
  return (request.headers["content-type"] ?? "application/json").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

/** The object in a body. @throws Failure "invalid": 415 for other media types, 400 for what cannot be read */
export async function parseObject(body: Buffer, mediaType: string): Promise<JsonObject> {
  if (mediaType === protobufType) return parseProtobuf(body);
  const value = await parseValue(body, mediaType);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw badRequest("the body of the request must be a JSON or YAML object");
  return value as JsonObject; // neither a scalar nor an array
}

export async function parseValue(body: Buffer, mediaType: string): Promise<Json> {
  if (mediaType === "application/yaml" || mediaType === "text/yaml") return parseYamlText(body.toString("utf8"));
  if (mediaType === applyPatchType) return parseConfiguration(body);
  if (isJsonType(mediaType)) return parseText(body);
  throw unsupportedMediaType();
}

/** What is applied is YAML by its name, and nearly always JSON, which is read ten times as fast. */
async function parseConfiguration(body: Buffer): Promise<Json> {
  const text = body.toString("utf8");
  try {
    if (text.trimStart().startsWith("{")) return parseJson(text);
  } catch {
    // YAML may begin with a brace too
  }
  return parseYamlText(text);
}

export const isJsonType = (mediaType: string) =>
  mediaType === "application/json" || mediaType.endsWith("+json") || mediaType === "*/*";

function parseText(body: Buffer): Json {
  if (body.length === 0) throw badRequest("the body of the request is empty, but must be an object");
  try {
    return parseJson(body.toString("utf8"));
  } catch (error) {
    throw badRequest(`the body of the request is not valid JSON: ${error instanceof Error ? error.message : error}`);
  }
}

async function parseYamlText(text: string): Promise<Json> {
  try {
    return await parseYaml(text);
  } catch (error) {
    throw badRequest(`the body of the request is not valid YAML: ${error instanceof Error ? error.message : error}`);
  }
}
