import type { Finding } from "../finding.ts";
import type { Looked, Observed } from "../observed.ts";

/** What you may not read is not judged, and you are told so. */
export function checkAccess(seen: Observed): readonly Finding[] {
  return Object.entries(seen).flatMap(([what, looked]): readonly Finding[] => {
    const trouble = isLooked(looked) ? looked.trouble : undefined;
    if (trouble === undefined) return [];
    return [
      {
        severity: "warning",
        reason: "NotSeen",
        on: wordsFor(what),
        what: `they could not be read: ${trouble}`,
        mend: "ask again as somebody who may list them in every namespace",
      },
    ];
  });
}

const isLooked = (value: unknown): value is Looked<unknown> =>
  typeof value === "object" && value !== null && "items" in value;

/** groupContents: "group contents". */
const wordsFor = (field: string) => field.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
