import { systemClock } from "../../lib/clock.ts";
import { silent } from "../../lib/log.ts";
import { systemRandom } from "../../lib/random.ts";
import { startDriver } from "../driver.ts";

/** A driver that kills itself after the n-th time that a step of the journal is done; for crash tests. */
const [endpoint = "", poolDir = "", fatal = "", times = "1", engineProgram = ""] = process.argv.slice(2);
let left = Number(times);
await startDriver({
  endpoint,
  poolDir,
  nodeId: "node-1",
  engine: "auto",
  engineCommand: [process.execPath, engineProgram],
  clock: systemClock,
  random: systemRandom,
  log: silent,
  onStep(step) {
    if (step === fatal && --left === 0) process.kill(process.pid, "SIGKILL");
  },
});
process.stdout.write("serves\n");
