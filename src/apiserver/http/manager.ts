import type { FieldError } from "../kinds/kind.ts";
import { invalidOptions } from "../verbs/options.ts";
import type { HttpRequest } from "./body.ts";

/** Kubernetes' own limit, in bytes: the name is stored with every object. */
const managerLimitBytes = 128;

const unprintable = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u;

/** Who owns what a request writes: the fieldManager that it names, or the program that sends it. @throws Failure "invalid" */
export function managerOf(query: URLSearchParams, { method, headers }: HttpRequest): string {
  const named = query.get("fieldManager") ?? "";
  const errors = managerErrors(named);
  if (errors.length > 0) throw invalidOptions(writeOptionsKind(method), errors);
  return named || programOf(asUtf8(headers["user-agent"] ?? "")) || "unknown";
}

/** The options that a write of this method has. */
export function writeOptionsKind(method: string | undefined) {
  if (method === "POST") return "CreateOptions";
  return method === "PUT" ? "UpdateOptions" : "PatchOptions";
}

function managerErrors(name: string): readonly FieldError[] {
  const message = `Too long: may not be more than ${managerLimitBytes} bytes`;
  if (Buffer.byteLength(name) > managerLimitBytes)
    return [{ field: "fieldManager", reason: "FieldValueTooLong", message }];
  const found = unprintable.exec(name);
  if (!found) return [];
  const point = (found[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  const at = Buffer.byteLength(name.slice(0, found.index));
  const why = `Invalid value: ${quoted(name)}: invalid character U+${point} (at position ${at})`;
  return [{ field: "fieldManager", reason: "FieldValueInvalid", message: why }];
}

/** As Go quotes text. */
const quoted = (text: string) => JSON.stringify(text).replace(/\\u00([0-9a-f]{2})/g, "\\x$1");

/** Node reads headers as Latin-1, whatever they are. */
const asUtf8 = (header: string) => Buffer.from(header, "latin1").toString("utf8");

/** The program in a user agent, as far as it can be printed and stored. */
function programOf(userAgent: string): string {
  let program = "";
  for (const char of userAgent.split("/", 1)[0] ?? "") {
    if (unprintable.test(char)) continue;
    if (Buffer.byteLength(program + char) > managerLimitBytes) break;
    program += char;
  }
  return program;
}

/** An apply names its manager; nothing else may be forced. @throws Failure "invalid" */
export function checkForce(query: URLSearchParams, isApply: boolean): void {
  const errors: FieldError[] = [];
  if (isApply && !query.get("fieldManager")) errors.push(managerRequired);
  if (!isApply && query.has("force")) errors.push(forceForbidden);
  if (errors.length > 0) throw invalidOptions("PatchOptions", errors);
}

const managerRequired: FieldError = {
  field: "fieldManager",
  reason: "FieldValueRequired",
  message: "Required value: is required for apply patch",
};
const forceForbidden: FieldError = {
  field: "force",
  reason: "FieldValueForbidden",
  message: "Forbidden: may not be specified for non-apply patch",
};
