import { startApiServer } from "../apiserver/server.ts";
import { systemClock } from "../lib/clock.ts";
import { silent } from "../lib/log.ts";
import { systemRandom } from "../lib/random.ts";

// An API server in a process of its own, for tests that kill it: `node --import tsx api-process.ts DATADIR`.
const { url, caPem, adminToken } = await startApiServer({
  dataDir: process.argv[2] ?? "",
  port: 0,
  crds: [],
  clock: systemClock,
  random: systemRandom,
  log: silent,
});
process.stdout.write(`${JSON.stringify({ url, caPem, adminToken })}\n`);
