import { intersection, isEmpty, type Path, pathsOf, pathText, union } from "../fields/set.ts";
import { byManager, type Entry, type Managed } from "./entry.ts";
import type { Differences } from "./versions.ts";

/** A field that an apply would change and another manager owns. */
export interface Conflict {
  readonly owner: Entry;
  readonly path: Path;
}

/** What an apply by the manager `applier` would take from others, by owner and path. */
export function conflictsOf(managed: Managed, differences: Differences, applier: string): readonly Conflict[] {
  const conflicts: Conflict[] = [];
  for (const [key, owner] of [...managed].sort(byManager)) {
    const comparison = differences.in(owner.apiVersion);
    if (key === applier || !comparison) continue;
    const contested = intersection(owner.fieldsV1, union(comparison.modified, comparison.added));
    if (!isEmpty(contested)) conflicts.push(...pathsOf(contested).map((path) => ({ owner, path })));
  }
  return conflicts;
}

/** What a client is told, in the words that kubectl shows. */
export function conflictMessage(conflicts: readonly Conflict[]): string {
  const [first] = conflicts;
  if (conflicts.length === 1 && first)
    return `Apply failed with 1 conflict: conflict with ${ownerText(first.owner)}: ${pathText(first.path)}`;
  const owners = [...new Set(conflicts.map(({ owner }) => owner))];
  const lines = owners.flatMap((owner) => [
    `conflicts with ${ownerText(owner)}:`,
    ...conflicts.filter((conflict) => conflict.owner === owner).map(({ path }) => `- ${pathText(path)}`),
  ]);
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join("\n")}`;
}

/** One cause of the answer for each conflict. */
export const conflictCauses = (conflicts: readonly Conflict[]) =>
  conflicts.map(({ owner, path }) => ({
    reason: "FieldManagerConflict",
    message: `conflict with ${ownerText(owner)}`,
    field: pathText(path),
  }));

function ownerText({ manager, operation, apiVersion, subresource }: Entry): string {
  const name = JSON.stringify(manager) + (subresource ? ` with subresource ${JSON.stringify(subresource)}` : "");
  return operation === "Update" ? `${name} using ${apiVersion}` : name;
}
