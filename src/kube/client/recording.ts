import type { Write } from "../cache/cache.ts";
import { type At, type KubeObject, keyOf, type Resource } from "../object.ts";
import type { Client } from "./client.ts";
import { isGone } from "./deletion.ts";

/** What one write did, and to which resource. */
export interface RecordedWrite {
  readonly resource: Resource;
  readonly write: Write;
}

/** A client that remembers what was written through it. */
export interface Recording {
  readonly client: Client;
  /** The last write of each object since the last call. */
  take(): readonly RecordedWrite[];
}

/** Wraps a client, so that whoever wrote through it can wait until the caches have seen what it did. */
export function recordWrites(client: Client): Recording {
  let writes = new Map<string, RecordedWrite>();
  const record = (resource: Resource, write: Write) => {
    writes.set(`${resource.plural}.${resource.group} ${write.key}`, { resource, write });
  };
  const recorded = async <T extends KubeObject>(resource: Resource<T>, answer: Promise<T>): Promise<T> => {
    const object = await answer;
    record(resource, writeOf(object));
    return object;
  };

  return {
    client: {
      ...readsOf(client),
      create: (resource, draft, call) => recorded(resource, client.create(resource, draft, call)),
      update: (resource, object, call) => recorded(resource, client.update(resource, object, call)),
      updateStatus: (resource, object, call) => recorded(resource, client.updateStatus(resource, object, call)),
      patch: (resource, at, patch, call) => recorded(resource, client.patch(resource, at, patch, call)),
      delete: async (resource, at, call) => {
        let goneUid: string | undefined;
        const gone = (uid: string) => {
          goneUid = uid;
          call.gone?.(uid);
        };
        const object = await client.delete(resource, at, { ...call, gone });
        recordDeleted(resource, at, { object, goneUid }, record);
        return object;
      },
    },
    take() {
      const taken = [...writes.values()];
      writes = new Map();
      return taken;
    },
  };
}

function readsOf(client: Client): Pick<Client, "get" | "find" | "list" | "watch" | "raw"> {
  return {
    get: (resource, at, call) => client.get(resource, at, call),
    find: (resource, at, call) => client.find(resource, at, call),
    list: (resource, call) => client.list(resource, call),
    watch: (resource, call) => client.watch(resource, call),
    raw: (request) => client.raw(request),
  };
}

/** A write that takes the last finalizer off an object under deletion removes it: its new version will never be seen. */
function writeOf(object: KubeObject): Write {
  const { deletionTimestamp, uid, resourceVersion } = object.metadata;
  const key = keyOf(object.metadata);
  return deletionTimestamp && isGone(object) ? { key, goneUid: uid } : { key, resourceVersion };
}

type Record = (resource: Resource, write: Write) => void;

function recordDeleted(
  resource: Resource,
  at: At,
  answer: { readonly object: KubeObject | undefined; readonly goneUid: string | undefined },
  record: Record,
): void {
  const key = keyOf(at);
  if (answer.goneUid) record(resource, { key, goneUid: answer.goneUid });
  else if (answer.object) record(resource, { key, resourceVersion: answer.object.metadata.resourceVersion });
}
