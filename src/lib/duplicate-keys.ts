/** More than anybody reads; the text comes from outside. */
const reportLimit = 100;

const token = /"(?:[^"\\]|\\.)*"|[{}[\],]/g;

interface Level {
  /** Keys seen in an object; absent in a list. */
  readonly keys: Set<string> | undefined;
  readonly path: string;
  /** The key whose value comes next, or the index of the item. */
  key: string;
  index: number;
  isKeyNext: boolean;
}

/**
 * The keys that an object of a JSON text has more than once, as paths: `spec.size`, `parts[0].name`. JSON.parse keeps the
 * last of them without a word. The text must be well-formed.
 */
export function duplicateKeys(text: string): readonly string[] {
  const found: string[] = [];
  const levels: Level[] = [];
  for (const [piece] of text.matchAll(token)) {
    const level = levels.at(-1);
    if (piece === "{" || piece === "[") levels.push(below(level, piece === "{"));
    else if (piece === "}" || piece === "]") levels.pop();
    else if (!level) continue;
    else if (piece === ",") {
      level.index++;
      level.isKeyNext = level.keys !== undefined;
    } else if (level.isKeyNext) {
      if (isRepeated(level, piece)) found.push(pathOf(level));
      if (found.length === reportLimit) return found;
    }
  }
  return found;
}

function below(level: Level | undefined, isObject: boolean): Level {
  const path = level ? pathOf(level) : "";
  return { keys: isObject ? new Set() : undefined, path, key: "", index: 0, isKeyNext: isObject };
}

function isRepeated(level: Level, quoted: string): boolean {
  level.key = quoted.includes("\\") ? String(JSON.parse(quoted)) : quoted.slice(1, -1);
  level.isKeyNext = false;
  if (level.keys?.has(level.key)) return true;
  level.keys?.add(level.key);
  return false;
}

const pathOf = ({ path, keys, key, index }: Level) => (keys ? `${path}${path && "."}${key}` : `${path}[${index}]`);
