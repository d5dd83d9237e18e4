import { allImports } from "../imports.ts";
import type { Rule } from "../repository.ts";

export const noCycles: Rule = {
  title: "no file imports itself by way of others",
  check(repository) {
    const graph = new Map<string, string[]>();
    for (const { from, to } of allImports(repository)) graph.set(from, [...(graph.get(from) ?? []), to]);
    return cyclesOf(graph).map((cycle) => `${cycle[0]}: import cycle ${[...cycle, cycle[0]].join(" -> ")}`);
  },
  controls: [
    {
      files: {
        "src/lib/a.ts": 'import { b } from "./b.ts";',
        "src/lib/b.ts": 'import type { C } from "./c.ts";',
        "src/lib/c.ts": 'export { a } from "./a.ts";',
        "src/lib/d.ts": 'import { a } from "./a.ts";',
      },
      caught: ["src/lib/a.ts -> src/lib/b.ts -> src/lib/c.ts -> src/lib/a.ts"],
    },
    {
      files: {
        "src/lib/a.ts": 'import { b } from "./b.ts"; import { c } from "./c.ts";',
        "src/lib/b.ts": 'import { c } from "./c.ts";',
        "src/lib/c.ts": "export const c = 1;",
      },
      caught: [],
    },
  ],
};

/** One cycle for each import that leads back to a file on the way to it, found depth first. */
function cyclesOf(graph: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]) => {
    const start = way.indexOf(path);
    if (start >= 0) return void cycles.push(way.slice(start));
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...way, path]);
    done.add(path);
  };
  for (const path of [...graph.keys()].sort()) visit(path, []);
  return cycles;
}
