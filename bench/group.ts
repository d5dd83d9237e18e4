// A group of 1, 10 and 100 members: from its creation to ready, and from its deletion to everything gone. The embedded API
// server, the controller and the sidecar share this process; the driver answers at once.
// GROUP_ROUNDS=5 repeats it more often.
import { groupSnapshots } from "../src/api/group-snapshot/resources.ts";
import { type SnapshotLab, snapshotLab } from "../src/testing/snapshot-lab.ts";
import { spreadOf } from "../src/testing/spread.ts";

const rounds = Number(process.env.GROUP_ROUNDS ?? 5);
const lab = await snapshotLab();
await Promise.all([lab.start("controller"), lab.start("sidecar")]);

for (const members of [1, 10, 100]) {
  const app = `bench-${members}`;
  await lab.makeClaims(
    app,
    Array.from({ length: members }, (_, i) => `${app}-${i}`),
  );
  const ready: number[] = [];
  const gone: number[] = [];
  const requests: number[] = [];
  for (let round = -1; round < rounds; round++) {
    const sample = await lifeOf(lab, app, `${app}-${round + 1}`);
    if (round < 0) continue; // the first one warms up
    ready.push(sample.readyMs);
    gone.push(sample.goneMs);
    requests.push(sample.requests);
  }
  console.log(
    `group of ${members}: ready ${spreadOf(ready, "ms")}; gone ${spreadOf(gone, "ms")}; requests until ready ${spreadOf(requests, "")}`,
  );
}
await lab.stop();

async function lifeOf(on: SnapshotLab, app: string, name: string) {
  const at = { namespace: "shop", name };
  await on.settled();
  on.forgetRequests();
  const createdMs = performance.now();
  await on.makeGroup(app, name);
  await on.until(groupSnapshots, at, (group) => group?.status?.readyToUse === true);
  const readyMs = performance.now() - createdMs;
  const requests = on.requests.length;
  const deletedMs = performance.now();
  await on.client.delete(groupSnapshots, at, { signal: AbortSignal.timeout(60_000) });
  await on.until(groupSnapshots, at, (group) => group === undefined);
  return { readyMs, goneMs: performance.now() - deletedMs, requests };
}
