import { duplicateKeys } from "../../lib/duplicate-keys.ts";
import { isJsonType } from "./body.ts";
import { repeatedYamlKeys } from "./yaml.ts";

/** What a body says twice, in the words of kube-apiserver's warnings. The last word counts. */
export async function duplicatesIn(body: Buffer, mediaType: string): Promise<readonly string[]> {
  const text = body.toString("utf8");
  if (isJsonType(mediaType) || text.trimStart().startsWith("{")) return inJson(text, mediaType);
  return /yaml/.test(mediaType) ? repeatedYamlKeys(text) : [];
}

const inJson = (text: string, mediaType: string) =>
  duplicateKeys(text).map(
    (path) => `${mediaType === "application/json-patch+json" ? "json patch " : ""}duplicate field "${path}"`,
  );
