import { expect, test } from "vitest";
import { type Logger, silent } from "../../lib/log.ts";
import { simulatedClock } from "../../testing/simulated-clock.ts";
import type { SpaceLevels } from "./space.ts";
import { spaceAlarm } from "./space-alarm.ts";

const GiB = 2 ** 30;
const levels = (freeGiB: number): SpaceLevels => ({
  totalBytes: 100 * GiB,
  freeBytes: freeGiB * GiB,
  reserveBytes: 10 * GiB,
  isLow: freeGiB < 20,
});

test("a pool that fills up is told of once, and so is that it has room again, whatever a look in between finds", async () => {
  const clock = simulatedClock();
  const said: string[] = [];
  const note = (fields: object, message: string) => void said.push(`${message.slice(0, 8)} ${JSON.stringify(fields)}`);
  const log: Logger = { ...silent, info: note, warn: note, error: (_fields, message) => void said.push(message) };
  const looks = [levels(50), levels(19), levels(5), new Error("EIO"), levels(6), levels(30), levels(12)];
  let next = 0;
  const space = {
    async levels() {
      const look = looks[Math.min(next++, looks.length - 1)];
      if (look === undefined || look instanceof Error) throw look;
      return look;
    },
  };
  const alarm = spaceAlarm({ space, clock, log });
  for (const _ of looks) await clock.advance(30_000);
  expect(said).toEqual([
    'the pool {"free":"19 GiB","reserve":"10 GiB"}',
    "cannot look at the room that the pool has",
    'the pool {"free":"30 GiB","reserve":"10 GiB"}',
    'the pool {"free":"12 GiB","reserve":"10 GiB"}',
  ]);
  await alarm.close();
  expect(clock.sleepers).toBe(0);
});
