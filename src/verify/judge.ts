import { assert } from "../lib/assert.ts";
import { type RunOnDisk, readRun } from "./disk.ts";
import { expectedIn, type Geometry } from "./layout.ts";
import type { Progress } from "./progress.ts";
import type { OrderRecord, Slot } from "./record.ts";
import type { VolumeIo } from "./volume.ts";

export interface Verdict {
  /** How many records the volumes hold in order: the sum of the last numbers of all writers. */
  readonly records: number;
  /** Sentences, one for each slot that is wrong; empty when the volumes hold one instant. */
  readonly violations: readonly string[];
}

export interface JudgeOptions {
  /** The restored volumes in the order in which the writers had their sources. */
  readonly volumes: readonly VolumeIo[];
  readonly runId: string;
  /** Progress read before the cut was asked for: what was acknowledged by then must be there. */
  readonly before?: Progress;
  /** Progress read after the cut was answered: nothing that was begun later may be there. */
  readonly after?: Progress;
}

/**
 * Says whether what restored volumes hold is one instant of a run: of each writer exactly the records 1 to k, with every
 * record in it that was acknowledged before the cut, and none that was begun after it.
 *
 * @throws whatever the volumes throw on reading; what they hold is never an error
 */
export async function judge(options: JudgeOptions): Promise<Verdict> {
  const run = await readRun(options.volumes, options.runId);
  if ("violations" in run) return { records: 0, violations: run.violations };
  const verdicts = Array.from({ length: run.geometry.writers }, (_, writer) => judgeWriter(run, writer, options));
  return {
    records: verdicts.reduce((sum, { records }) => sum + records, 0),
    violations: verdicts.flatMap(({ violations }) => violations),
  };
}

/** A slot with what it holds, and where it is. */
interface Seen {
  readonly volume: number;
  readonly index: number;
  readonly slot: Slot;
}

function judgeWriter(run: RunOnDisk, writer: number, { runId, before, after }: JudgeOptions): Verdict {
  const slots = run.rings.flatMap((rings, volume) =>
    (rings[writer] ?? []).map((slot, index) => ({ volume, index, slot })),
  );
  const kept = slots.flatMap(({ slot }) => (isRecordOf(slot, runId) && slot.writer === writer ? [slot.number] : []));
  const last = Math.max(0, ...kept);
  const issued = after?.issued[writer];
  const context = { geometry: run.geometry, runId, writer, last, mayBeTorn: issued === undefined || issued > last };
  return {
    records: last,
    violations: [
      ...missing({ writer, last, acked: before?.acked[writer] }),
      ...fromLater({ writer, last, issued }),
      ...slots.flatMap((seen) => objectionTo(seen, context) ?? []),
    ],
  };
}

const isRecordOf = (slot: Slot, runId: string): slot is OrderRecord => slot.kind === "record" && slot.runId === runId;

function missing({
  writer,
  last,
  acked,
}: {
  writer: number;
  last: number;
  acked: number | undefined;
}): readonly string[] {
  if (acked === undefined || last >= acked) return [];
  return [`writer ${writer}: record ${acked} was acknowledged before the cut, but the last one kept is ${last}`];
}

function fromLater({
  writer,
  last,
  issued,
}: {
  writer: number;
  last: number;
  issued: number | undefined;
}): readonly string[] {
  if (issued === undefined || last <= issued) return [];
  return [`writer ${writer}: record ${last} was kept, but when the cut had ended only ${issued} had been begun`];
}

interface WriterContext {
  readonly geometry: Geometry;
  readonly runId: string;
  readonly writer: number;
  /** Number of the youngest record that was kept. */
  readonly last: number;
  /** The record after the last was begun, so half of it may stand in its slot. */
  readonly mayBeTorn: boolean;
}

function objectionTo(seen: Seen, context: WriterContext): string | undefined {
  const { geometry, runId, writer, last } = context;
  const { slot } = seen;
  const expected = expectedIn(geometry, { ...seen, last });
  const where = `volume ${seen.volume}, slot ${seen.index}`;
  if (expected === undefined)
    return isRecordOf(slot, runId)
      ? `writer ${writer}: ${where} ${describe(slot)}, which does not belong there`
      : undefined;
  if (isRecordOf(slot, runId) && slot.writer === writer && slot.number === expected) return undefined;
  if (slot.kind === "torn" && context.mayBeTorn && isNext(seen, context)) return undefined;
  return `writer ${writer}: record ${expected} is missing though record ${last} was kept: ${where} ${describe(slot)}`;
}

/** True for the slot into which the record after the last one goes. */
function isNext({ volume, index }: Seen, { geometry, last }: WriterContext): boolean {
  return expectedIn(geometry, { volume, index, last: last + 1 }) === last + 1;
}

function describe(slot: Slot): string {
  switch (slot.kind) {
    case "blank":
      return "is blank";
    case "torn":
      return "holds a torn record, or what others wrote";
    case "header":
      return "holds a header";
    case "record":
      return `holds record ${slot.number} of writer ${slot.writer}, run ${slot.runId}`;
    default:
      slot satisfies never;
      assert(false, "a slot is of one of the four kinds");
  }
}
