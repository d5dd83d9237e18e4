import { systemClock } from "../../lib/clock.ts";
import { systemRandom } from "../../lib/random.ts";
import { judge, type Verdict } from "../../verify/judge.ts";
import { openVolumes } from "../../verify/open-volume.ts";
import type { Progress } from "../../verify/progress.ts";
import type { VolumeIo } from "../../verify/volume.ts";
import { startWriters } from "../../verify/writers.ts";
import type { Published } from "./walk.ts";

/** Programs at work on the walk's volumes, and the judge of what a restore of them holds. */
export interface Proof {
  readonly progress: () => Progress;
  judge(
    restored: readonly Published[],
    cut?: { readonly before: Progress; readonly after: Progress },
  ): Promise<Verdict>;
  stop(): Promise<void>;
}

/** Two sequences side by side are enough to lose an order, and leave a small machine room for the rest. */
const writerCount = 2;

export async function startProof(sources: readonly Published[], signal: AbortSignal): Promise<Proof> {
  const runId = systemRandom.uuid();
  const volumes = await openAll(sources, signal);
  const writers = await startWriters({
    volumes,
    writers: writerCount,
    runId,
    clock: systemClock,
    random: systemRandom,
    signal,
  });
  return {
    progress: writers.progress,
    async judge(restored, cut) {
      const copies = await openAll(restored, signal);
      try {
        return await judge({ volumes: copies, runId, ...cut });
      } finally {
        await closeAll(copies);
      }
    },
    async stop() {
      await writers.stop();
      await closeAll(volumes);
    },
  };
}

const openAll = (published: readonly Published[], signal: AbortSignal) =>
  openVolumes({ paths: published.map(({ path }) => path), signal });

async function closeAll(volumes: readonly VolumeIo[]): Promise<void> {
  await Promise.all(volumes.map((volume) => volume.close()));
}
