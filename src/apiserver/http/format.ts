import { type JsonObject, parseJson, stringifyJson } from "../../lib/json.ts";
import { protobufOf, protobufType } from "../protobuf/protobuf.ts";
import type { Wanted } from "./accept.ts";
import type { Answer } from "./respond.ts";
import { yamlOf } from "./yaml.ts";

/** An answer in JSON rewritten in the format the client wants. */
export async function inFormat(answer: Answer, format: Wanted["format"] | "indented"): Promise<Answer> {
  switch (format) {
    case "json":
      return answer;
    case "indented":
      return { ...answer, body: Buffer.from(stringifyJson(parseJson(answer.body.toString("utf8")), 2)) };
    case "yaml":
      return { ...answer, body: await yamlOf(answer.body), contentType: "application/yaml" };
    case "protobuf": {
      const object = parseJson(answer.body.toString("utf8")) as JsonObject; // verbs answer with objects
      return { ...answer, body: protobufOf(object), contentType: protobufType };
    }
    default:
      return format satisfies never;
  }
}

/** Watches in YAML are in JSON, a document a line. */
export const watchTypes: Readonly<Record<Wanted["format"], string>> = {
  json: "application/json",
  yaml: "application/json",
  protobuf: `${protobufType};stream=watch`,
};
