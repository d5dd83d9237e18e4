import { assert } from "../../lib/assert.ts";
import type { JsonObject } from "../../lib/json.ts";
import type { SubresourceKind } from "../kinds/kind.ts";
import { at, isObject, objectAt, textAt } from "../kinds/read.ts";
import { withAt } from "../kinds/scale.ts";
import { selectorText } from "../selector/text.ts";
import { unprocessable } from "../status.ts";
import { metadataOf, type View, viewOf } from "../store/stored.ts";
import { admitted, givenMetadata, identified } from "./admission.ts";
import { checkName } from "./identity.ts";
import { type PatchRequest, patchedBy } from "./patch.ts";
import { getStored, replace } from "./replace.ts";
import { type Api, apiVersionOf, type ObjectTarget, type Target, type WriteOptions, type Written } from "./verb.ts";

/** How many there are to be, and are, of what an object stands for. @throws Failure "notFound" */
export function getScale(api: Api, target: ObjectTarget): View {
  const { object } = target.served.view(getStored(api, target));
  return viewOf(scaleOf(scalingOf(target), object));
}

/** @throws Failure "notFound", "conflict", "invalid" */
export function updateScale(api: Api, target: ObjectTarget, body: JsonObject, options: WriteOptions): Written {
  const given = identified(asScale(target), body);
  checkName(target, given);
  return write(api, target, { given, isPatch: false }, options);
}

/** @throws Failure "notFound", "conflict", "invalid" */
export function patchScale(api: Api, target: ObjectTarget, request: PatchRequest, options: WriteOptions): Written {
  const current = scaleOf(scalingOf(target), target.served.view(getStored(api, target)).object);
  const patched = patchedBy(request, asScale(target), current);
  if (!isObject(patched)) throw unprocessable("the patch turns the scale into something that is not an object");
  return write(api, target, { given: identified(asScale(target), patched), isPatch: true }, options);
}

interface Given {
  readonly given: JsonObject;
  readonly isPatch: boolean;
}

function write(api: Api, target: ObjectTarget, { given, isPatch }: Given, options: WriteOptions): Written {
  const { review: _, ...unreviewed } = options; // the object is reviewed, not the number
  const { object: scale, warnings } = admitted(api, asScale(target), given, { options: unreviewed, isPatch });
  const stored = getStored(api, target);
  const old = target.served.view(stored).object;
  const { uid, resourceVersion } = givenMetadata(given);
  const { uid: ownUid, resourceVersion: ownVersion } = metadataOf(old);
  const scaling = scalingOf(target);
  const wanted = withAt(old, scaling.wanted, Number(at(scale, "spec", "replicas") ?? 0));
  const metadata = {
    ...objectAt(wanted, "metadata"),
    uid: uid || ownUid,
    resourceVersion: resourceVersion || ownVersion,
  };
  const object = { ...wanted, metadata };
  const written = replace(api, target, stored, { object, isPatch, options: { ...options, fieldValidation: "Ignore" } });
  return { ...written, view: viewOf(scaleOf(scaling, written.view.object)), warnings };
}

const subresourceOf = ({ served }: Target) => served.kind.subresources?.find(({ name }) => name === "scale");

function scalingOf(target: Target): NonNullable<SubresourceKind["scale"]> {
  const scaling = subresourceOf(target)?.scale;
  assert(scaling, "only what can be scaled has this subresource");
  return scaling;
}

/** The target as far as its scale's kind goes. Scales have no schema to merge lists by, as custom resources have none. */
function asScale(target: ObjectTarget): ObjectTarget {
  const kind = subresourceOf(target)?.kind;
  return kind
    ? { ...target, served: { ...target.served, kind, collection: `${target.served.collection}/scale` } }
    : target;
}

function scaleOf(paths: NonNullable<SubresourceKind["scale"]>, object: JsonObject): JsonObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadataOf(object);
  const replicas = at(object, ...paths.wanted);
  const selector = paths.selector && selectorAt(object, paths.selector);
  return {
    kind: "Scale",
    apiVersion: apiVersionOf({ group: "autoscaling", version: "v1" }),
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      uid,
      ...(resourceVersion && { resourceVersion }),
      creationTimestamp,
    },
    spec: replicas ? { replicas } : {},
    status: { replicas: at(object, ...paths.present) ?? 0, ...(selector && { selector }) },
  };
}

function selectorAt(object: JsonObject, path: readonly string[]): string {
  const value = at(object, ...path);
  return isObject(value) ? selectorText(value) : textAt(object, ...path);
}
