import { appendFile, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../lib/clock.ts";

/** Work for a filesystem's journal: files that are made, filled, moved and deleted without rest. */
export interface FileChurn {
  /** Resolves when every folder has seen so many more of them. */
  more(count: number): Promise<void>;
  /** Ends it. @throws Error that ended it before */
  stop(): Promise<void>;
}

const subfolders = 8;
/** How long a file lives, in files made after it. */
const lifetime = 60;

export function startFileChurn(folders: readonly string[]): FileChurn {
  const made = folders.map(() => 0);
  let isOver = false;
  const churns = folders.map(async (folder, i) => {
    for (let n = 0; !isOver; n++) {
      await makeOne(folder, n);
      made[i] = n;
    }
  });
  const all = Promise.all(churns);
  all.catch(() => undefined); // `more` and `stop` tell
  return {
    async more(count) {
      const limit = AbortSignal.timeout(60_000);
      const enough = made.map((number) => number + count);
      while (made.some((number, i) => number < (enough[i] ?? 0)))
        await Promise.race([systemClock.sleep(5, limit), all]);
    },
    async stop() {
      isOver = true;
      await all;
    },
  };
}

async function makeOne(folder: string, n: number): Promise<void> {
  const place = join(folder, `d${n % subfolders}`);
  await mkdir(place, { recursive: true });
  await writeFile(join(place, `${n}`), Buffer.alloc(1 + ((n * 7919) % 65_536), n), { flush: n % 3 === 0 });
  await appendFile(join(folder, "journal"), `${n} is made\n`);
  await rename(join(place, `${n}`), join(folder, `moved-${n}`));
  await rm(join(folder, `moved-${n - lifetime}`), { force: true });
  if (n % (5 * subfolders) === 0) await rm(place, { recursive: true });
}
