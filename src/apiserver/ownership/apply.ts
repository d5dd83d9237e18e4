import { equalJson, type JsonObject } from "../../lib/json.ts";
import { claimedFields } from "../fields/collect.ts";
import { mergeConfiguration } from "../fields/merge.ts";
import { difference, differenceBelow, isEmpty } from "../fields/set.ts";
import { type Conflict, conflictsOf } from "./conflict.ts";
import { type Entry, type Managed, managerKey } from "./entry.ts";
import { pruned } from "./prune.ts";
import { settled, withoutChanged } from "./update.ts";
import { Differences, unmanaged, type Versions } from "./versions.ts";

/** A configuration that a manager applies to an object. */
export interface Application {
  readonly live: JsonObject;
  readonly config: JsonObject;
  readonly versions: Versions;
  readonly manager: string;
  readonly subresource: string | undefined;
  /** RFC 3339 with seconds. */
  readonly time: string;
}

export interface Applied {
  /** The live object itself if the configuration changes nothing. */
  readonly object: JsonObject;
  /** Who owns what if it is done, be it by force. */
  readonly managed: Managed;
  /** What others own and would lose. */
  readonly conflicts: readonly Conflict[];
}

/** The object as the configuration wants it: what it states, less what its manager stated before and nobody else owns. */
export function applied(before: Managed, application: Application): Applied {
  const { live, config, versions, manager, subresource, time } = application;
  const { apiVersion, current } = versions;
  const owners = settled(before, versions);
  const identity = { manager, operation: "Apply" as const, apiVersion, ...(subresource && { subresource }) };
  const key = managerKey(identity);
  const last = owners.get(key);
  const claimed = differenceBelow(claimedFields(config, current.shape), current.ignored);
  const claim: Entry = { ...identity, fieldsType: "FieldsV1", fieldsV1: claimed };
  const claiming = new Map(owners).set(key, claim);
  const merged = mergeConfiguration(live, config, current.shape);
  const object = pruned(merged, last, claiming, versions);
  const differences = new Differences(versions, live, object);
  const managed = new Map(withoutChanged(claiming, differences, key));
  const isSame = equalJson(object, live);
  const fieldsV1 = difference(claimed, unmanaged);
  const stamp = isSame ? last?.time : time;
  if (isEmpty(fieldsV1)) managed.delete(key);
  else managed.set(key, { ...identity, ...(stamp !== undefined && { time: stamp }), fieldsType: "FieldsV1", fieldsV1 });
  return { object: isSame ? live : object, managed, conflicts: conflictsOf(claiming, differences, key) };
}
