import { afterEach, beforeEach, expect, test } from "vitest";
import { claims } from "../kube/core/claim.ts";
import { volumes } from "../kube/core/volume.ts";
import { type LabProcesses, type VolumeLab, volumeLab, worldOf } from "../testing/volume-lab.ts";

let lab: VolumeLab;
const nothingLeft = { claims: [], volumes: [], held: 0, staged: 0, published: 0 };

beforeEach(async () => {
  lab = await volumeLab();
  await lab.makeClass();
});
afterEach(() => lab.stop());

/** Waits until nothing of the claim is left in the API. */
async function cleared(): Promise<void> {
  const signal = AbortSignal.timeout(10_000);
  for (const { metadata } of (await lab.client.list(claims, { signal })).items)
    await lab.until(claims, metadata, (claim) => claim === undefined);
  for (const { metadata } of (await lab.client.list(volumes, { signal })).items)
    await lab.until(volumes, metadata, (volume) => volume === undefined);
}

/** Bound, published, and nothing more to do. */
async function complete(name: string) {
  const claim = await lab.published(name);
  const isDone = (finalizers: readonly string[] = []) => !finalizers.includes("groupsnap.dev/provisioning");
  await lab.until(claims, claim.metadata, (found) => isDone(found?.metadata.finalizers));
  const volume = { name: claim.spec.volumeName ?? "" };
  await lab.until(
    volumes,
    volume,
    (found) => found?.status?.phase === "Bound" && found.metadata.finalizers?.length === 2,
  );
}

/** Runs `during` with processes that die after 1, 2, 3 … effects, then `after` with new ones, until they die no more. */
async function cutEverywhere(
  during: () => Promise<void>,
  after: (cut: number, died: boolean) => Promise<void>,
): Promise<number> {
  for (let effects = 1; ; effects++) {
    const processes: LabProcesses = await lab.start(effects);
    const died = processes.died.then(() => true);
    const work = during().then(
      () => false,
      () => false,
    ); // what it waits for may never come: `died` then says so
    const isDead = await Promise.race([died, work]);
    await processes.stop();
    const again = await lab.start();
    await after(effects, isDead);
    await again.stop();
    if (!isDead) return effects;
  }
}

test("a claim ends bound and published, whichever of their actions the processes died after", async () => {
  const worlds: unknown[] = [];
  let name = "";
  const cuts = await cutEverywhere(
    async () => {
      name = `data-${worlds.length}`;
      await lab.makeClaim(name);
      await complete(name);
    },
    async () => {
      await complete(name);
      worlds.push(JSON.parse(JSON.stringify(await worldOf(lab)).replaceAll(name, "data")));
      await lab.deleteClaim(name);
      await cleared();
      expect(await worldOf(lab)).toEqual(nothingLeft);
    },
  );
  expect(cuts).toBeGreaterThan(8); // the control: there was something to cut
  expect(new Set(worlds.map((world) => JSON.stringify(world))).size).toBe(1);
}, 120_000);

test("a claim deleted while its volume is being made leaves nothing, whichever action the processes died after", async () => {
  let name = "";
  let rounds = 0;
  await cutEverywhere(
    async () => {
      name = `data-${rounds++}`;
      await lab.makeClaim(name);
      await complete(name);
    },
    async (cut) => {
      await lab.deleteClaim(name);
      await cleared();
      expect([cut, await worldOf(lab)]).toEqual([cut, nothingLeft]);
    },
  );
}, 120_000);

test("a claim's deletion leaves nothing, whichever of its actions the processes died after", async () => {
  let rounds = 0;
  let name = "";
  const prepare = async () => {
    name = `data-${rounds++}`;
    await lab.makeClaim(name);
    await complete(name);
  };
  const processes = await lab.start();
  await prepare();
  await processes.stop();
  await cutEverywhere(
    async () => {
      await lab.deleteClaim(name);
      await cleared();
    },
    async (cut, died) => {
      await cleared();
      expect([cut, await worldOf(lab)]).toEqual([cut, nothingLeft]);
      if (died) await prepare();
    },
  );
}, 120_000);
