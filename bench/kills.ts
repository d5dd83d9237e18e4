// kill -9 of the driver and what it runs beside itself, separately and together, at each phase of a cut: nobody may find a
// frozen volume a second later, half a snapshot, or a driver that does not start again. Both killed together in a hold are the
// exception that is documented: volumes stay frozen until the next start, which shows that frozen ones are noticed. A recovery
// made wrong on purpose must be noticed too. Needs root. KILLS=12 makes it shorter, for each engine; it takes each death once.
import { join } from "node:path";
import { deathsOf, type Kill, killRound, takeIntentsForMade } from "../src/testing/kill-rounds.ts";
import { loopsBelow, scratchPool } from "../src/testing/scratch-pool.ts";
import { timesInTurn } from "../src/testing/times.ts";

if (process.getuid?.() !== 0) {
  console.log("left out: it needs root");
  process.exit();
}
const kills = Number(process.env.KILLS ?? 100);

const engines = [
  { engine: "atomic", pool: "btrfs", asked: {}, holds: false },
  { engine: "atomic", pool: "btrfs", asked: { consistency: "filesystem" }, holds: true },
  { engine: "freeze", pool: "xfs", asked: {}, holds: true },
] as const;

for (const { engine, pool, asked, holds } of engines) {
  const scratch = await scratchPool(pool, 2 ** 33);
  try {
    const poolDir = join(scratch.path, "pool");
    const deaths = deathsOf(holds);
    const rounds = await timesInTurn(kills, async (n) => {
      const doom = deaths[n % deaths.length] as Kill["doom"]; // within the list
      const aftermath = await killRound({ engine, poolDir, asked, doom });
      for (const violation of aftermath.violations) console.log(`  ${doom.victims} after '${doom.step}': ${violation}`);
      return aftermath;
    });
    const count = (of: (aftermath: (typeof rounds)[number]) => boolean) => rounds.filter(of).length;
    const bad = count(({ violations }) => violations.length > 0);
    const left = (await loopsBelow(poolDir)).length;
    console.log(
      `${[engine, ...Object.values(asked)].join(", ")}: ${kills} kills, ${bad} left something; ` +
        `${count(({ wasFrozen }) => wasFrozen)} froze volumes until the next start; ${left} loop devices left`,
    );
    const isBlind = holds && kills >= deaths.length && count(({ wasFrozen }) => wasFrozen) === 0;
    if (isBlind) console.log("  nobody noticed frozen volumes where driver and watchdog died in a hold");
    const seen = await control({ engine, poolDir: join(scratch.path, "control"), asked });
    console.log(`  control, a recovery that takes what was intended for made: ${seen} violations noticed`);
    if (bad > 0 || left > 0 || isBlind || seen === 0) process.exitCode = 1;
  } finally {
    await scratch.remove();
  }
}

async function control(kill: Omit<Kill, "doom">): Promise<number> {
  const doom = { step: "cut intended", times: 1, victims: "driver" } as const;
  const { violations } = await killRound({ ...kill, doom, spoil: takeIntentsForMade });
  return violations.length;
}
