import type { JsonObject } from "../../lib/json.ts";
import { parseFieldSelector } from "../selector/field.ts";
import { parseLabelSelector } from "../selector/label.ts";
import type { Stored } from "../store/stored.ts";
import type { Target } from "./verb.ts";

/** Which objects of a target a list, a watch or a deletion means. */
export interface Selection {
  /** True for everything in the target's namespace. */
  readonly isAll: boolean;
  has(stored: Stored): boolean;
}

export interface SelectorTexts {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

const everything: Selection = { isAll: true, has: () => true };

/** @throws Failure "invalid" for a selector that cannot be read */
export function parseSelection(target: Target, { labelSelector, fieldSelector }: SelectorTexts): Selection {
  if (!labelSelector && !fieldSelector) return everything;
  const byLabels = labelSelector ? parseLabelSelector(labelSelector) : undefined;
  const byFields = fieldSelector ? fieldTest(target, fieldSelector) : undefined;
  return {
    isAll: false,
    has: (stored) => (!byLabels || byLabels(stored.metadata.labels ?? {})) && (!byFields || byFields(stored)),
  };
}

function fieldTest({ served }: Target, text: string): (stored: Stored) => boolean {
  const test: (object: JsonObject) => boolean = parseFieldSelector(text, served.kind);
  return (stored) => test(served.view(stored).object);
}
