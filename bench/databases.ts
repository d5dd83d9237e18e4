// Databases at work on volumes of the driver: cut as a group, restored, recovered and audited; and the control, volume after
// volume, in which they must break. Then filesystems under load, checked after one mount. Needs root and PostgreSQL.
// DATABASE_ROUNDS=10, DATABASE_CONTROL_ROUNDS=5 and FSCK_ROUNDS=10 make it shorter, DATABASE_ENGINE=atomic takes one engine.
import type { Verdict } from "../src/testing/databases/application.ts";
import { postgresBank } from "../src/testing/databases/postgres.ts";
import { startApplicationRounds } from "../src/testing/databases/rounds.ts";
import { sqliteBank } from "../src/testing/databases/sqlite.ts";
import type { EngineOnPool } from "../src/testing/driver-on-pool.ts";
import { type Checked, startFsckRounds } from "../src/testing/fsck-rounds.ts";
import { timesInTurn } from "../src/testing/times.ts";

if (process.getuid?.() !== 0) {
  console.log("left out: it needs root");
  process.exit();
}
const option = (name: string, byDefault: number) => Number(process.env[name] ?? byDefault);
const groupRounds = option("DATABASE_ROUNDS", 30);
const controlRounds = option("DATABASE_CONTROL_ROUNDS", 20);
const fsckRounds = option("FSCK_ROUNDS", 50);

/** With what classes may ask of the engine. */
const runs: readonly (EngineOnPool & { readonly asked: Readonly<Record<string, string>> })[] = [
  { engine: "atomic", pool: "btrfs", asked: {} },
  { engine: "atomic", pool: "btrfs", asked: { consistency: "filesystem" } },
  { engine: "freeze", pool: "xfs", asked: {} },
];
const applications = { "PostgreSQL over 3 volumes": postgresBank, "SQLite over 2 volumes": sqliteBank };

const wanted = process.env.DATABASE_ENGINE;
for (const run of runs.filter(({ engine }) => wanted === undefined || engine === wanted)) {
  const title = [run.engine, ...Object.values(run.asked)].join(", ");
  for (const [database, application] of Object.entries(applications)) {
    const rounds = await startApplicationRounds(run, application);
    try {
      const groups = await timesInTurn(groupRounds, () => rounds.cutGroup(run.asked));
      const control = await timesInTurn(controlRounds, () => rounds.cutInTurn());
      const lost = tell(`${database}, ${title}: group snapshots`, groups);
      const seen = tell(`${database}, ${title}: control, volume after volume`, control);
      if (lost > 0 || seen === 0) process.exitCode = 1;
    } finally {
      await rounds.stop();
    }
  }
  const lab = await startFsckRounds(run);
  try {
    tellChecked(title, (await timesInTurn(fsckRounds, () => lab.round(run.asked))).flat());
  } finally {
    await lab.stop();
  }
}

/** @returns how many rounds were broken */
function tell(what: string, verdicts: readonly Verdict[]): number {
  const broken = verdicts.filter(({ violations }) => violations.length > 0);
  const recovered = verdicts.filter((verdict) => verdict.recovered).length;
  const transfers = Math.max(0, ...verdicts.map((verdict) => verdict.transfers));
  console.log(
    `${what}: ${broken.length} of ${verdicts.length} broken; ${recovered} had something to recover; ${transfers} transfers in the end`,
  );
  const [first] = broken.flatMap(({ violations }) => violations);
  if (first) console.log(`  such as: ${first}`);
  return broken.length;
}

function tellChecked(title: string, checked: readonly Checked[]): void {
  const bad = checked.flatMap(({ complaint }) => complaint ?? []);
  const ext4 = checked.filter(({ fsType }) => fsType === "ext4");
  const dirty = ext4.filter(({ neededRecovery }) => neededRecovery).length;
  console.log(
    `fsck after one mount, ${title}: ${bad.length} of ${checked.length} bad; ${dirty} of ${ext4.length} ext4 had a journal to replay`,
  );
  if (bad.length === 0) return;
  console.log(`  such as: ${bad[0]}`);
  process.exitCode = 1;
}
