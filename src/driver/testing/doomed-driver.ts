import { systemClock } from "../../lib/clock.ts";
import { silent } from "../../lib/log.ts";
import { systemRandom } from "../../lib/random.ts";
import { startDriver } from "../driver.ts";

/** A driver that may kill itself after the n-th time that a step of the journal is done; SIGTERM ends it in order. */
const [endpoint = "", poolDir = "", engine = "", engineProgram = "", fatal = "", times = "1"] = process.argv.slice(2);
let left = Number(times);
const driver = await startDriver({
  endpoint,
  poolDir,
  nodeId: "node-1",
  engine,
  engineCommand: [process.execPath, engineProgram],
  clock: systemClock,
  random: systemRandom,
  log: silent,
  onStep(step) {
    if (step === fatal && --left === 0) process.kill(process.pid, "SIGKILL");
  },
});
process.on("SIGTERM", () => {
  driver.close().then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
process.stdout.write("serves\n");
