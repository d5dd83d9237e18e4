import { expect, test } from "vitest";
import { aClaim } from "../../testing/objects/storage.ts";
import { type Turn, turnOf } from "./turn.ts";

const candidates = ["a", "b", "c"];
const createdMs = Date.parse("2026-01-01T00:00:00Z");
const turnsOf = (name: string, { ageMs = 0, annotations = {}, of = candidates } = {}) => {
  const claim = aClaim(name, {}, { annotations, creationTimestamp: new Date(createdMs).toISOString() });
  const now = new Date(createdMs + ageMs);
  return Object.fromEntries(
    ["a", "b", "c", "d"].map((nodeName) => [nodeName, turnOf(claim, { nodeName, candidates: of, now })]),
  );
};
const kinds = (turns: Readonly<Record<string, Turn>>) => Object.values(turns).map(({ kind }) => kind);
const takers = (turns: Readonly<Record<string, Turn>>) => kinds(turns).filter((kind) => kind === "free");

test("a claim whose pod has a node is that node's alone", () => {
  const annotations = { "volume.kubernetes.io/selected-node": "b" };
  expect(kinds(turnsOf("data", { annotations }))).toEqual(["others", "ours", "others", "others"]);
});

test("a claim that no pod waits for may be taken by one node at once, and by one more every ten seconds", () => {
  for (const [ageMs, count] of [
    [0, 1],
    [9_999, 1],
    [10_000, 2],
    [20_000, 3],
    [600_000, 3],
  ] as const)
    expect(takers(turnsOf("data", { ageMs }))).toHaveLength(count);
});

test("the node that comes next knows when", () => {
  const delays = Object.values(turnsOf("data", { ageMs: 4_000 })).flatMap((turn) =>
    turn.kind === "later" ? [turn.delayMs] : [],
  );
  expect(delays.toSorted((a, b) => a - b)).toEqual([6_000, 16_000]);
});

test("a node that can have no volume of the claim never takes it", () => {
  expect(turnsOf("data", { ageMs: 600_000, of: ["a"] })).toMatchObject({
    a: { kind: "free" },
    b: { kind: "others" },
  });
});

test("claims are spread over the nodes", () => {
  const names = Array.from({ length: 300 }, (_, i) => `data-${i}`);
  const firsts = names.flatMap((name) => Object.entries(turnsOf(name)).filter(([, { kind }]) => kind === "free"));
  for (const node of candidates) expect(firsts.filter(([name]) => name === node).length).toBeGreaterThan(60);
});
