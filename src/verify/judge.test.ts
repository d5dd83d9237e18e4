import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judge } from "./judge.ts";
import { encodeRecord } from "./record.ts";
import { aRun, otherRunId, type RunInMemory, runId } from "./testing.ts";

const verdictOf = ({ volumes }: RunInMemory, known: Partial<Parameters<typeof judge>[0]> = {}) =>
  judge({ volumes, runId, ...known });

describe("a judge lets pass", () => {
  test("volumes on which nothing was written yet", async () => {
    expect(await verdictOf(aRun())).toEqual({ records: 0, violations: [] });
  });

  test("every record up to the last one, by all writers", async () => {
    const run = aRun({ writers: 2 }).records(1, 5).records(1, 3, { writer: 1 });
    expect(await verdictOf(run)).toEqual({ records: 8, violations: [] });
  });

  test("rings that were written over many times", async () => {
    expect(await verdictOf(aRun({ slots: 3 }).records(1, 100))).toEqual({ records: 100, violations: [] });
  });

  test("what an earlier run left in slots that this run has not reached", async () => {
    const run = aRun().records(1, 2);
    const stale = encodeRecord({ runId: otherRunId, writer: 0, number: 3 });
    expect(await verdictOf(run.spoil(3, (slot) => stale.copy(slot)))).toEqual({ records: 2, violations: [] });
  });

  test("half of the record that was being written, in a fresh slot or over an old record", async () => {
    const torn = aRun()
      .records(1, 3)
      .records(4, 4)
      .spoil(4, (slot) => slot.fill(0, 2048));
    expect(await verdictOf(torn, { after: { acked: [3], issued: [4] } })).toEqual({ records: 3, violations: [] });
    const over = aRun({ slots: 2 })
      .records(1, 8)
      .spoil(8, (slot) => slot.fill(0, 2048));
    expect(await verdictOf(over, { after: { acked: [7], issued: [8] } })).toEqual({ records: 7, violations: [] });
  });

  test("a record that was begun but not acknowledged when the cut ended", async () => {
    const known = { before: { acked: [2], issued: [3] }, after: { acked: [2], issued: [3] } };
    expect(await verdictOf(aRun().records(1, 3), known)).toEqual({ records: 3, violations: [] });
  });
});

describe("a judge catches", () => {
  const cases: readonly {
    readonly what: string;
    readonly run: RunInMemory;
    readonly known?: Partial<Parameters<typeof judge>[0]>;
    readonly says: RegExp;
  }[] = [
    {
      what: "a record lost in the middle",
      run: aRun()
        .records(1, 4)
        .spoil(3, (slot) => slot.fill(0)),
      says: /^writer 0: record 3 is missing though record 4 was kept: volume 1, slot 1 is blank$/,
    },
    {
      what: "a volume that is older than another",
      run: aRun()
        .records(1, 4)
        .records(5, 6, { volumes: [0] }),
      says: /record 5 is missing though record 6 was kept: volume 1, slot 2 is blank/,
    },
    {
      what: "a volume that is older than another, in rings that were written over",
      run: aRun({ slots: 2 })
        .records(1, 20)
        .records(21, 22, { volumes: [0] }),
      says: /record 21 is missing though record 22 was kept: volume 1, slot 0 holds record 17/,
    },
    {
      what: "a record from the future",
      run: aRun().records(1, 5),
      known: { after: { acked: [3], issued: [4] } },
      says: /record 5 was kept, but when the cut had ended only 4 had been begun/,
    },
    {
      what: "an acknowledged record that was lost at the end",
      run: aRun().records(1, 5),
      known: { before: { acked: [6], issued: [7] } },
      says: /record 6 was acknowledged before the cut, but the last one kept is 5/,
    },
    {
      what: "a torn record among whole ones",
      run: aRun()
        .records(1, 4)
        .spoil(2, (slot) => slot.fill(7, 100, 200)),
      says: /record 2 is missing though record 4 was kept: volume 0, slot 1 holds a torn record/,
    },
    {
      what: "a torn record that nobody had begun",
      run: aRun({ slots: 2 })
        .records(1, 8)
        .spoil(5, (slot) => slot.fill(7, 100, 200)),
      known: { after: { acked: [8], issued: [8] } },
      says: /record 5 is missing .* holds a torn record/,
    },
    {
      what: "a record of another run in the place of one of this run",
      run: aRun()
        .records(1, 4)
        .spoil(3, (slot) => encodeRecord({ runId: otherRunId, writer: 0, number: 3 }).copy(slot)),
      says: /record 3 is missing .* holds record 3 of writer 0, run 11111111-/,
    },
    {
      what: "a record where none belongs yet",
      run: aRun()
        .records(1, 2)
        .spoil(5, (slot) => encodeRecord({ runId, writer: 0, number: 1 }).copy(slot)),
      says: /volume 1, slot 2 holds record 1 of writer 0, .* does not belong there/,
    },
    { what: "volumes of another run", run: aRun({ runId: otherRunId }), says: /holds run 11111111-.*, not 0b7a4f0e-/ },
    { what: "a volume without an order test", run: blanked(aRun()), says: /volume 0 \(memory 0\) holds no order test/ },
    { what: "volumes in another order", run: reversed(aRun()), says: /is volume 1 of the run: give the volumes in/ },
    {
      what: "a volume left out",
      run: withoutLast(aRun({ volumes: 3 })),
      says: /one of 3 volumes of the run, but 2 were/,
    },
  ];

  test.each(cases)("$what", async ({ run, known, says }) => {
    const { violations } = await verdictOf(run, known);
    expect(violations[0]).toMatch(says);
  });
});

describe("for volumes that are cut at times of their own", () => {
  const shapes = fc.record({ volumes: fc.integer({ min: 2, max: 5 }), slots: fc.integer({ min: 1, max: 6 }) });

  test("any single instant passes", async () => {
    await fc.assert(
      fc.asyncProperty(shapes, fc.nat(60), async (shape, last) => {
        expect(await verdictOf(aRun(shape).records(1, last))).toEqual({ records: last, violations: [] });
      }),
    );
  });

  test("any set of instants between which a record went to a volume fails", async () => {
    const cuts = shapes.chain((shape) =>
      fc.tuple(fc.constant(shape), fc.array(fc.nat(60), { minLength: shape.volumes, maxLength: shape.volumes })),
    );
    await fc.assert(
      fc.asyncProperty(cuts, async ([shape, instants]) => {
        const run = aRun(shape);
        for (const [volume, instant] of instants.entries()) run.records(1, instant, { volumes: [volume] });
        const { violations } = await verdictOf(run);
        expect(violations.length > 0).toBe(!isOneInstant(shape.volumes, instants));
      }),
      { numRuns: 300 },
    );
  });
});

/** True when some instant would have left on every volume what its own instant left there. */
function isOneInstant(volumes: number, instants: readonly number[]): boolean {
  const lastOn = (volume: number, instant: number) => (instant < volume ? 0 : instant - ((instant - volume) % volumes));
  const kept = instants.map((instant, volume) => lastOn(volume, instant));
  const last = Math.max(...kept);
  return kept.every((number, volume) => number === lastOn(volume, last));
}

function blanked(run: RunInMemory): RunInMemory {
  run.volumes[0]?.data.fill(0);
  return run;
}

const reversed = (run: RunInMemory) => ({ ...run, volumes: run.volumes.toReversed() });
const withoutLast = (run: RunInMemory) => ({ ...run, volumes: run.volumes.slice(0, -1) });
