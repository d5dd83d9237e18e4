import { Failure, isFailure } from "../lib/failure.ts";
import type { JsonPatchOperation, Patch } from "./client/client.ts";
import { asStatus } from "./client/failures.ts";
import type { ActContext } from "./controller/controller.ts";
import type { Draft, KubeObject, Resource } from "./object.ts";

/** What a write needs: it goes through the client that remembers writes. */
export type Writing = Pick<ActContext, "client" | "signal">;

/**
 * Creates an object whose name was computed from a uid. Where the name is taken, the object that has it is read, and is
 * as good as created if it is ours.
 *
 * @throws Failure "exists" if the name belongs to somebody else's object
 */
export async function ensureObject<T extends KubeObject>(
  resource: Resource<T>,
  wanted: { readonly draft: Draft<T> & { readonly metadata: { readonly name: string } }; isOurs(found: T): boolean },
  { client, signal }: Writing,
): Promise<void> {
  const { name, namespace } = wanted.draft.metadata;
  try {
    await client.create(resource, wanted.draft, { signal });
  } catch (error) {
    if (!isFailure(error, "exists")) throw error;
    const found = await client.find(resource, { namespace, name }, { signal });
    if (found && wanted.isOurs(found)) return;
    if (!found) throw new Failure("conflict", `${resource.kind} ${name} was there and is gone`, { cause: error });
    throw new Failure("exists", `cannot create ${resource.kind} ${name}: the name is taken by another owner's object`, {
      cause: error,
    });
  }
}

/** What is to be different in an object's metadata and spec. */
export interface Change {
  readonly addFinalizers?: readonly string[];
  readonly removeFinalizers?: readonly string[];
  /** `null` takes the annotation off. */
  readonly annotations?: Readonly<Record<string, string | null>>;
  /** `null` takes the label off. */
  readonly labels?: Readonly<Record<string, string | null>>;
  /** Merged into the spec. */
  readonly spec?: object;
  /** Nothing else of the object may have changed either. */
  readonly ifUnchanged?: boolean;
}

/**
 * Changes this very object in one patch. The last finalizer of one that is being deleted may be off already, and the
 * object gone with it: that is fine.
 *
 * @throws Failure "conflict" if another object has the name now; or if anything has changed since it was read, and finalizers
 *   or spec are to be changed, or that was asked for
 */
export async function changeObject<T extends KubeObject>(
  resource: Resource<T>,
  object: T,
  change: Change,
  { client, signal }: Writing,
): Promise<void> {
  try {
    await client.patch(resource, object.metadata, patchOf(object, change), { signal });
  } catch (error) {
    const isGone = object.metadata.deletionTimestamp !== undefined && isFailure(error, "notFound");
    if (!isGone) throw identityLost(error, object);
  }
}

/**
 * The patch that makes the change. Finalizers are a list, which a merge patch replaces whole, so such a patch carries the
 * version the list was read at; the server answers "conflict" if the object has changed since. So does one of the spec.
 */
export function patchOf(object: KubeObject, change: Change): Patch {
  const finalizers = finalizersAfter(object, change);
  const guarded = finalizers !== undefined || change.spec !== undefined || change.ifUnchanged === true;
  const metadata = {
    uid: object.metadata.uid,
    ...(guarded && { resourceVersion: object.metadata.resourceVersion }),
    ...(finalizers && { finalizers }),
    ...(change.annotations && { annotations: change.annotations }),
    ...(change.labels && { labels: change.labels }),
  };
  return { type: "merge", patch: { metadata, ...(change.spec && { spec: change.spec }) } };
}

function finalizersAfter(object: KubeObject, change: Change): readonly string[] | undefined {
  if (!change.addFinalizers?.length && !change.removeFinalizers?.length) return undefined;
  const left = (object.metadata.finalizers ?? []).filter((finalizer) => !change.removeFinalizers?.includes(finalizer));
  return [...new Set([...left, ...(change.addFinalizers ?? [])])];
}

/** Puts a finalizer on this very object. @throws Failure "conflict" if the object changed since it was read */
export async function addFinalizer<T extends KubeObject>(
  resource: Resource<T>,
  object: T,
  finalizer: string,
  writing: Writing,
): Promise<void> {
  if (object.metadata.finalizers?.includes(finalizer)) return;
  await changeObject(resource, object, { addFinalizers: [finalizer] }, writing);
}

/**
 * Takes a finalizer off this very object. One that is being deleted may be gone already.
 *
 * @throws Failure "conflict" if the object changed since it was read
 */
export async function removeFinalizer<T extends KubeObject>(
  resource: Resource<T>,
  object: T,
  finalizer: string,
  writing: Writing,
): Promise<void> {
  if (!object.metadata.finalizers?.includes(finalizer)) return;
  await changeObject(resource, object, { removeFinalizers: [finalizer] }, writing);
}

/**
 * Replaces the named fields of this very object's status, whatever else has changed; `null` takes a field off.
 *
 * A merge patch of a status is written to whatever object has the name, its uid unheeded, so the patch tests the uid
 * itself. A status that was absent is written whole.
 *
 * @throws Failure "conflict" if another object has the name now
 */
export async function patchStatus<T extends KubeObject>(
  resource: Resource<T>,
  object: T & { readonly status?: object },
  fields: object,
  { client, signal }: Writing,
): Promise<void> {
  try {
    await client.patch(resource, object.metadata, statusPatch(object, fields), { signal, subresource: "status" });
  } catch (error) {
    throw identityLost(error, object);
  }
}

function statusPatch({ metadata, status }: KubeObject & { readonly status?: object }, fields: object): Patch {
  const set = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined);
  const taken = Object.keys(fields).filter((name) => !set.some(([given]) => given === name));
  const operations: readonly JsonPatchOperation[] = status
    ? [
        ...set.map(([name, value]) => ({ op: "add" as const, path: `/status/${name}`, value })),
        ...taken
          .filter((name) => Object.hasOwn(status, name))
          .map((name) => ({ op: "remove" as const, path: `/status/${name}` })),
      ]
    : [{ op: "add", path: "/status", value: Object.fromEntries(set) }];
  return { type: "json", operations: [{ op: "test", path: "/metadata/uid", value: metadata.uid }, ...operations] };
}

/** A patch is refused as invalid when its uid is not that of the object: somebody else has the name now. */
function identityLost(error: unknown, { kind, metadata: { name } }: KubeObject): unknown {
  if (!isFailure(error, "invalid")) return error;
  const causes = asStatus(error.details)?.details?.causes ?? [];
  const isAboutFields = causes.length > 0 && causes.every(({ field }) => field !== "metadata.uid");
  if (isAboutFields) return error;
  return new Failure("conflict", `${kind} ${name} is not the object that was read any more`, { cause: error });
}

/** Sets annotations of this very object, or removes those given as null. @throws Failure "notFound" if it is gone */
export async function annotate<T extends KubeObject>(
  resource: Resource<T>,
  object: T,
  annotations: Readonly<Record<string, string | null>>,
  writing: Writing,
): Promise<void> {
  await changeObject(resource, object, { annotations }, writing);
}

/** Deletes this very object; one of the same name that came later stays. */
export async function deleteObject<T extends KubeObject>(
  resource: Resource<T>,
  object: T,
  { client, signal }: Writing,
): Promise<void> {
  await client.delete(resource, object.metadata, { uid: object.metadata.uid, signal });
}
