import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { groupContents, groupSnapshots } from "../../api/group-snapshot/resources.ts";
import { contents, snapshots } from "../../api/snapshot/resources.ts";
import { claims } from "../../kube/core/claim.ts";
import type { KubeObject, Resource } from "../../kube/object.ts";
import { stringifyJson } from "../../lib/json.ts";
import { afterEachEffect } from "../../testing/after-action.ts";
import type { LabProcess, ProcessName } from "../../testing/snapshot-lab/processes.ts";
import { type SnapshotLab, snapshotLab } from "../../testing/snapshot-lab.ts";

let lab: SnapshotLab;
let stage: Stage;
beforeAll(async () => {
  lab = await snapshotLab();
  stage = await aStage();
});
afterAll(() => lab.stop());

const { signal } = new AbortController();
const isReady = (group: { readonly status?: { readonly readyToUse?: boolean } } | undefined) =>
  group?.status?.readyToUse === true;
const at = (name: string) => ({ namespace: "shop", name });
/** More instants than a group of two has in its life. */
const never = 1_000;

/** Both processes at work, with one thing happening after one of their effects. */
interface Stage {
  /** Resolves with the number of effects, once `work` is done and all is quiet. Effects are counted from 1. */
  play(work: () => Promise<unknown>, instant?: number, happens?: "death" | (() => Promise<unknown>)): Promise<number>;
}

async function aStage(): Promise<Stage> {
  const running = new Map<ProcessName, LabProcess>();
  let effects = 0;
  let disturbance: { readonly instant: number; readonly happens: "death" | (() => Promise<unknown>) };
  let risen: Promise<unknown> = Promise.resolve();
  const start = async (name: ProcessName) => {
    const between = afterEachEffect(async (effect) => {
      if (effect.endsWith(" Event")) return; // said beside the plans, and never waited for
      effects++;
      if (effects !== disturbance.instant) return;
      if (disturbance.happens !== "death") return void (await disturbance.happens());
      risen = (running.get(name)?.stop() ?? Promise.resolve()).then(() => start(name));
      throw new Error("the process died");
    });
    running.set(name, await lab.start(name, between));
  };
  disturbance = { instant: never, happens: "death" };
  await Promise.all([start("controller"), start("sidecar")]);
  return {
    async play(work, instant = never, happens = "death") {
      effects = 0;
      disturbance = { instant, happens };
      await work();
      await risen;
      await lab.settled();
      return effects;
    },
  };
}

/** Every object of a group's life, without what differs from group to group. */
async function world(app: string): Promise<readonly string[]> {
  const of = async (kind: Resource, isMine: (text: string) => boolean) => {
    const { items } = await lab.client.list(kind, { signal });
    return items.filter((object) => isMine(stringifyJson(object)));
  };
  const named = (text: string) => text.includes(`"${app}"`);
  const requests = await Promise.all([groupSnapshots, groupContents, snapshots, claims].map((kind) => of(kind, named)));
  const members = requests.flat().filter(({ kind }) => kind === snapshots.kind);
  const memberContents = await of(contents, (text) =>
    members.some(({ metadata }) => text.includes(`"${metadata.name}"`)),
  );
  return [...requests.flat(), ...memberContents].map((object) => plain(object, app)).toSorted();
}

function plain(object: KubeObject, app: string): string {
  const { managedFields: _fields, resourceVersion: _version, generation: _generation, ...metadata } = object.metadata;
  return stringifyJson({ ...object, metadata })
    .replaceAll(app, "APP")
    .replace(/[0-9a-f]{64}/g, "HASH")
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "UID")
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
    .replace(/\b\d{19}\b/g, "NANOSECONDS")
    .replace(/"(group|snapshot)-\d+"/g, '"$1-N"');
}

let apps = 0;
const newApp = async () => {
  const app = `app${++apps}x`;
  await lab.makeClaims(app, [`${app}-data`, `${app}-wal`]);
  return app;
};
const create = async (app: string) => {
  await lab.makeGroup(app);
  await lab.until(groupSnapshots, at(app), isReady);
  for (const name of [`${app}-data`, `${app}-wal`])
    await lab.until(claims, at(name), (claim) => !claim?.metadata.finalizers?.length);
};
const isGone = (app: string) => lab.until(groupSnapshots, at(app), (group) => group === undefined);
const remove = async (app: string) => {
  await lab.client.delete(groupSnapshots, at(app), { signal });
  await isGone(app);
};
const instants = (effects: number) => Array.from({ length: effects }, (_, i) => i + 1);
const onStorage = () => `${lab.driver.world.groups.size} groups, ${lab.driver.world.snapshots.size} snapshots`;
/** Soon: a content that was made while its group went is cleared once it is seen to be without one. */
async function nothingIsLeft(when: string): Promise<void> {
  const left = async () => [...(await lab.leftovers()), onStorage()];
  await expect.poll(left, { timeout: 30_000, message: when }).toEqual(["0 groups, 0 snapshots"]);
}

describe("a process that dies after any effect", () => {
  test("of a group's creation leaves the same world as one that lived", { timeout: 120_000 }, async () => {
    const first = await newApp();
    const effects = await stage.play(() => create(first));
    expect(effects).toBeGreaterThan(15);
    const undisturbed = await world(first);
    for (const instant of instants(effects)) {
      const app = await newApp();
      await stage.play(() => create(app), instant);
      expect(await world(app), `death after effect ${instant}`).toEqual(undisturbed);
    }
    expect(onStorage()).toBe(`${effects + 1} groups, ${2 * effects + 2} snapshots`);
  });

  test("of a group's deletion leaves nothing behind", { timeout: 120_000 }, async () => {
    const { items } = await lab.client.list(groupSnapshots, { signal });
    const [first = "", ...others] = items.map(({ metadata }) => metadata.name);
    const effects = await stage.play(() => remove(first));
    expect(effects).toBeGreaterThan(10);
    expect(others.length).toBeGreaterThanOrEqual(effects);
    for (const [i, app] of others.entries()) await stage.play(() => remove(app), i < effects ? i + 1 : never);
    await nothingIsLeft("all are deleted");
  });
});

describe("a group that is deleted", () => {
  test("after any effect of its creation leaves nothing in the API or on the storage", {
    timeout: 120_000,
  }, async () => {
    const first = await newApp();
    const effects = await stage.play(() => create(first));
    await stage.play(() => remove(first));
    for (const instant of instants(effects - 2)) {
      const app = await newApp(); // the last two effects free the claims of a group that is ready
      const happens = () => lab.client.delete(groupSnapshots, at(app), { signal });
      const work = () => lab.makeGroup(app).then(() => isGone(app));
      await stage.play(work, instant, happens);
      await nothingIsLeft(`deleted after effect ${instant}`);
    }
  });
});
