import { afterAll, expect, test } from "vitest";
import { cacheOf } from "../../kube/cache/cache-of.ts";
import { bearer, fixedCredentials } from "../../kube/client/connection.ts";
import { kubeClient } from "../../kube/client/kube-client.ts";
import type { Reconciler } from "../../kube/controller/controller.ts";
import type { KubeObject } from "../../kube/object.ts";
import { systemClock } from "../../lib/clock.ts";
import { silent } from "../../lib/log.ts";
import { systemRandom } from "../../lib/random.ts";
import { aGroup, aGroupContent, terminating } from "../../testing/group-builders.ts";
import { aBoundGroup } from "../../testing/member-builders.ts";
import { aContentOf, aReadySnapshot } from "../../testing/objects/storage.ts";
import { groupController } from "../group/controller.ts";
import { groupContentGuard } from "../group/release/guard.ts";
import { singleContentController } from "../single/content/controller.ts";
import { singleController } from "../single/controller.ts";
import type { ObjectAction } from "./action.ts";
import { type SnapshotCaches, snapshotCaches } from "./caches.ts";

const around = { clock: systemClock, random: systemRandom, log: silent };
const config = { server: "http://127.0.0.1:1", tls: {}, credentials: fixedCredentials(bearer("x")), namespace: "" };
const client = kubeClient({ config, userAgent: "nobody", ...around });
afterAll(() => client.close());

/** Caches of a cluster in which one kind is not served. */
function without(kind: keyof SnapshotCaches): SnapshotCaches {
  const caches = snapshotCaches((resource, options = {}) => cacheOf({ client, resource, ...options, ...around }));
  return { ...caches, [kind]: { ...caches[kind], unserved: `The kind ${kind} is not served: install it` } };
}

/** What is done about an object: the reason of the plan, and the message that is written to its status. */
async function plan<T extends KubeObject, Seen>(reconciler: Reconciler<T, Seen, ObjectAction>, object: T) {
  const { signal } = new AbortController();
  const seen = await reconciler.observe(object, { now: new Date(0), client, signal });
  const { reason, steps, events = [] } = reconciler.decide(seen);
  const shown = steps.flat().flatMap((action) => (action.do === "writeStatus" ? [action.status] : [action.do]));
  return { reason, shown, said: events.map(({ message }) => message) };
}

const { status: _ready, ...snapshot } = aReadySnapshot("nightly");
const told = (kind: string) => {
  const message = `The kind ${kind} is not served: install it`;
  return {
    reason: "KindNotServed",
    shown: [expect.objectContaining({ error: expect.objectContaining({ message }) })],
    said: [message],
  };
};

test.each(["contents", "classes"] as const)("a snapshot that waits for %s to be served says so", async (kind) => {
  expect(await plan(singleController({ caches: without(kind) }), snapshot)).toEqual(told(kind));
});

test.each(["groupContents", "groupClasses", "snapshots", "contents"] as const)(
  "a group that waits for %s to be served says so",
  async (kind) => {
    expect(await plan(groupController({ caches: without(kind) }), aGroup())).toEqual(told(kind));
  },
);

test("what is ready stays ready and says nothing while a kind is not served", async () => {
  const quiet = { reason: "KindNotServed", shown: [], said: [] };
  const caches = without("contents");
  expect(await plan(singleController({ caches }), aReadySnapshot("done"))).toEqual(quiet);
  expect(await plan(groupController({ caches }), aBoundGroup({ readyToUse: true }))).toEqual(quiet);
});

test("a group that is being deleted waits, and says so, while its members cannot be read", async () => {
  const group = terminating(aBoundGroup({ readyToUse: true }));
  expect(await plan(groupController({ caches: without("snapshots") }), group)).toMatchObject(told("snapshots"));
});

test("a content is left alone while its request, or members of its group, cannot be read", async () => {
  const content = aContentOf(snapshot);
  const ofGroup = aGroupContent(aGroup(), ["data"]);
  const plans = await Promise.all([
    plan(singleContentController({ caches: without("snapshots") }), content),
    plan(groupContentGuard({ caches: without("groups") }), ofGroup),
    plan(groupContentGuard({ caches: without("snapshots") }), ofGroup),
  ]);
  expect(plans.map(({ reason, shown }) => [reason, shown])).toEqual([1, 2, 3].map(() => ["KindNotServed", []]));
});
