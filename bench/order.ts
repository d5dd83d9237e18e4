// Order test on the driver, straight over its CSI socket: no group snapshot may lose the order of writes, and volumes
// cut one after the other must, or the test is blind. ORDER_ROUNDS=50 makes it shorter, ORDER_VOLUMES=16 wider.
// ORDER_ENGINE=atomic or freeze takes that engine on a pool of its own (root), ORDER_FS=ext4 or xfs volumes with filesystems.
import { aDriver } from "../src/driver/testing.ts";
import { driverOnPool } from "../src/testing/driver-on-pool.ts";
import { type OrderLoad, type Round, startOrderRounds } from "../src/testing/order-rounds.ts";
import { timesInTurn } from "../src/testing/times.ts";

const option = (name: string, byDefault: number) => Number(process.env[name] ?? byDefault);
const groupRounds = option("ORDER_ROUNDS", 500);
const controlRounds = option("ORDER_CONTROL_ROUNDS", 20);
const volumes = option("ORDER_VOLUMES", 4);
const writers = option("ORDER_WRITERS", 2);

const engine = process.env.ORDER_ENGINE ?? "userland";
const fsType = (process.env.ORDER_FS || undefined) as OrderLoad["fsType"];
const pool = { atomic: "btrfs", freeze: "xfs" }[engine] as "btrfs" | "xfs" | undefined;

const driver = await (pool ? driverOnPool({ engine, pool }) : aDriver({ engine }));
try {
  const rounds = await startOrderRounds(driver, { volumes, writers, ...(fsType && { fsType }) });
  const startedMs = performance.now();
  const groups = await timesInTurn(groupRounds, () => rounds.cutGroup());
  const writesPerSecond = (1000 * rounds.acked()) / (performance.now() - startedMs);
  const control = await timesInTurn(controlRounds, () => rounds.cutInTurn());
  await rounds.stop();
  console.log(
    `${engine}, ${volumes} volumes (${fsType ?? "block devices"}), ${writers} writers, ${writesPerSecond.toFixed(0)} acknowledged records a second`,
  );
  const lost = tell("group snapshots", groups);
  const seen = tell("control, volume after volume", control);
  process.exitCode = lost === 0 && seen > 0 ? 0 : 1;
} finally {
  await driver.close();
}

/** Prints a line on some rounds, and the first violation. @returns how many of them lost the order */
function tell(what: string, rounds: readonly Round[]): number {
  const broken = rounds.filter(({ verdict }) => verdict.violations.length > 0);
  const [cut, stall] = [spread(rounds.map(({ cutMs }) => cutMs)), spread(rounds.map(({ stalledMs }) => stalledMs))];
  console.log(`${what}: ${rounds.length} rounds, ${broken.length} lost the order; cut ${cut}; longest stall ${stall}`);
  const [first] = broken.flatMap(({ verdict }) => verdict.violations);
  if (first) console.log(`  such as: ${first}`);
  return broken.length;
}

function spread(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number) => (sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0).toFixed(1);
  return `p50 ${at(0.5)} p99 ${at(0.99)} max ${at(1)} ms`;
}
