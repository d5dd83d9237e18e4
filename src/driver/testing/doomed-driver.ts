import { readFileSync } from "node:fs";
import { systemClock } from "../../lib/clock.ts";
import { silent } from "../../lib/log.ts";
import { systemRandom } from "../../lib/random.ts";
import { startDriver } from "../driver.ts";
import type { PoolImage } from "../pool/pool-image.ts";
import type { Doom } from "./driver-process.ts";

/** A driver that meets its doom after the n-th time that a step of the journal is done. SIGTERM and its parent's end end it in order. */
const [endpoint = "", poolDir = "", engine = "", blockEngine = "", watchdog = "", doom = "{}", image = "null"] =
  process.argv.slice(2);
const { step: fatal, times = 1, victims = "driver" } = JSON.parse(doom) as Partial<Doom>; // our own parent wrote it
const poolImage = JSON.parse(image) as PoolImage | null; // likewise
let left = times;
const driver = await startDriver({
  endpoint,
  poolDir,
  ...(poolImage && { poolImage }),
  nodeId: "node-1",
  engine,
  ...(fatal !== undefined && { holdDeadlineMs: 1_000 }), // who meets no doom gets the time that users give it
  helpers: { blockEngine: [process.execPath, blockEngine], watchdog: [process.execPath, watchdog] },
  clock: systemClock,
  random: systemRandom,
  log: silent,
  onStep(step) {
    if (step !== fatal || --left !== 0) return;
    if (victims === "helpers" || victims === "all") for (const pid of children()) process.kill(pid, "SIGKILL");
    if (victims === "nobody, but the helpers stop") for (const pid of children()) process.kill(pid, "SIGSTOP");
    if (victims === "nobody, but the driver stops") process.kill(process.pid, "SIGSTOP");
    if (victims === "driver" || victims === "all") process.kill(process.pid, "SIGKILL");
  },
});
const end = () =>
  driver.close().then(
    () => process.exit(0),
    () => process.exit(1),
  );
process.on("SIGTERM", () => void end());
process.stdin.on("end", () => void end()).resume(); // whoever started it is gone
process.stdout.write("serves\n");

/** Process ids of what this process started (proc_pid_task(5)). */
function children(): readonly number[] {
  const list = readFileSync(`/proc/self/task/${process.pid}/children`, "utf8");
  return (list.match(/\d+/g) ?? []).map(Number);
}
