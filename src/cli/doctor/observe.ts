import { groupClasses, groupContents, groupSnapshots } from "../../api/group-snapshot/resources.ts";
import { classes, contents, snapshots } from "../../api/snapshot/resources.ts";
import { claims } from "../../kube/core/claim.ts";
import { leases } from "../../kube/core/lease.ts";
import { type CsiNode, csiNodes } from "../../kube/core/node.ts";
import type { KubeObject, Resource } from "../../kube/object.ts";
import { failureOf, isFailure } from "../../lib/failure.ts";
import type { DriverSaid } from "../../processes/ask-driver.ts";
import { csiDrivers, definitions, pods } from "./kinds.ts";
import type { Looking } from "./looking.ts";
import { observeAccess } from "./observe-access.ts";
import { observeWebhooks } from "./observe-webhooks.ts";
import type { Looked, Observed } from "./observed.ts";

interface Asked {
  /** What drivers said that the doctor was told to ask. */
  readonly asked?: readonly DriverSaid[];
  /** What those said that it found by itself. They may belong to another cluster, or be left of what is gone. */
  readonly here?: readonly DriverSaid[];
}

/** Reads everything once. What may not be read is said in its place. @throws Failure when the API cannot be reached */
export async function observe(looking: Looking & Pick<Observed, "stuckAfterMs"> & Asked): Promise<Observed> {
  const look = <T extends KubeObject>(resource: Resource<T>) => lookAt(resource, looking);
  const version = await looking.client.raw({ method: "GET", path: "/version", signal: looking.signal });
  const found = {
    definitions: await look(definitions),
    groups: await look(groupSnapshots),
    groupContents: await look(groupContents),
    groupClasses: await look(groupClasses),
    snapshots: await look(snapshots),
    contents: await look(contents),
    classes: await look(classes),
    claims: await look(claims),
    csiDrivers: await look(csiDrivers),
    csiNodes: await look(csiNodes),
    leases: await look(leases),
    pods: await look(pods),
  };
  return {
    now: looking.clock.now(),
    server: (version as { readonly gitVersion?: string }).gitVersion ?? "", // by every API server
    stuckAfterMs: looking.stuckAfterMs,
    ...found,
    webhooks: await observeWebhooks(found.definitions.items, looking),
    access: await observeAccess(found.pods.items, looking),
    asked: [...(looking.asked ?? []), ...(looking.here ?? []).filter((said) => isOnANode(said, found.csiNodes))],
  };
}

function isOnANode({ name }: DriverSaid, { items }: Looked<CsiNode>): boolean {
  return items.some(({ spec }) => spec.drivers?.some((driver) => driver.name === name));
}

/** A kind that is not served has no objects: that its definition is missing is a finding of its own. */
async function lookAt<T extends KubeObject>(resource: Resource<T>, { client, signal }: Looking): Promise<Looked<T>> {
  try {
    const { items } = await client.list(resource, { signal });
    return { items };
  } catch (error) {
    if (signal.aborted) throw error;
    if (isFailure(error, "notFound")) return { items: [] };
    return { items: [], trouble: failureOf(error).message };
  }
}
