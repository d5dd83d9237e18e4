import type { JsonObject } from "../../lib/json.ts";
import { objectAt, objectsAt, textAt, textsAt } from "../kinds/read.ts";

/** A label selector as a URL would have it, its parts in the order of their labels. */
export function selectorText(selector: JsonObject): string {
  const equal = Object.entries(objectAt(selector, "matchLabels")).map(([key, value]) => [
    key,
    `${key}=${String(value)}`,
  ]);
  const conditions = objectsAt(selector, "matchExpressions").map((one) => [textAt(one, "key"), conditionText(one)]);
  const parts = [...equal, ...conditions].sort(([a = ""], [b = ""]) => (a < b ? -1 : a > b ? 1 : 0));
  return parts.map(([, text]) => text).join(",");
}

function conditionText(condition: JsonObject): string {
  const key = textAt(condition, "key");
  const values = textsAt(condition, "values").toSorted().join(",");
  switch (textAt(condition, "operator")) {
    case "In":
      return `${key} in (${values})`;
    case "NotIn":
      return `${key} notin (${values})`;
    case "DoesNotExist":
      return `!${key}`;
    default:
      return key;
  }
}
