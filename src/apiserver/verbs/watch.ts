import { forbidden } from "../schema/messages.ts";
import { expired, statusOf, versionAhead } from "../status.ts";
import type { WatchHub } from "../watch/hub.ts";
import { type EventEncoder, Watcher, type WatchSink } from "../watch/watcher.ts";
import { parseRevision } from "./list.ts";
import { invalidOptions } from "./options.ts";
import { parseSelection, type Selection, type SelectorTexts } from "./selection.ts";
import type { Api, Target } from "./verb.ts";

export interface WatchOptions extends SelectorTexts {
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: string;
  readonly timeoutSeconds?: number;
  readonly allowWatchBookmarks: boolean;
  readonly sendInitialEvents?: boolean;
}

export interface WatchClient {
  readonly encoder: EventEncoder;
  /** Called once the request is found to be in order; from then on only events are sent. */
  open(): WatchSink;
  /** Aborted when the client is gone. */
  readonly left: AbortSignal;
}

/** Clients that name no timeout are spread over this range, so that not all come back at once. */
const defaultTimeoutMs = { least: 30 * 60_000, most: 60 * 60_000 };

/**
 * Sends the changes of a selection to a client until it leaves or its time is over.
 *
 * A version that is no longer held ends the watch with an ERROR event (410), as Kubernetes does.
 * @throws Failure "invalid" before `open` is called
 */
export async function watch(api: WatchApi, target: Target, options: WatchOptions, client: WatchClient): Promise<void> {
  const selection = parseSelection(target, options);
  const start = startOf(options);
  // A write that is not committed yet would be seen twice, or once too often if it failed.
  await api.store.whenQuiet(() => begin(api, target, { options, selection, start }, client));
}

type WatchApi = Api & { readonly hub: WatchHub };

interface Asked {
  readonly options: WatchOptions;
  readonly selection: Selection;
  readonly start: Start;
}

/** From reading where the kind stands to following it, nothing may come in between. */
function begin(api: WatchApi, target: Target, { options, selection, start }: Asked, client: WatchClient) {
  const { served, namespace } = target;
  const collection = api.store.collection(served.collection);
  const now = api.store.revision;
  const { encoder, left } = client;
  const revision = start.list || start.from === 0 ? now : start.from;
  const bookmarks = options.allowWatchBookmarks;
  const sink = client.open();
  const watcher = new Watcher({ served, namespace, selection, encoder, sink, bookmarks, revision });
  if (!start.list && revision < collection.trimmedTo)
    return watcher.fail(statusOf(expired(`too old resource version: ${revision} (${collection.trimmedTo})`)));
  try {
    if (start.list && start.from > now) return watcher.fail(statusOf(versionAhead(start.from, now)));
    if (start.list) watcher.deliverInitial(collection.list(namespace).filter(selection.has));
    else watcher.replay(collection.changesAfter(revision));
    if (options.sendInitialEvents) watcher.deliverInitialEnd();
  } catch (error) {
    return watcher.fail(statusOf(error)); // the answer has begun: the reason can come as an event only
  }
  return api.hub.follow(watcher, { timeoutMs: timeoutMs(api, options), left });
}

interface Start {
  readonly list: boolean;
  readonly from: number;
}

/** Where a watch begins: with a list of what is there, or after a version. */
function startOf(options: WatchOptions): Start {
  const { sendInitialEvents, resourceVersionMatch } = options;
  const from = parseRevision(options.resourceVersion) ?? 0;
  if (sendInitialEvents === undefined) {
    if (resourceVersionMatch !== undefined) throw refuse("resourceVersionMatch", unlessInitial);
    return { list: from === 0, from };
  }
  if (resourceVersionMatch !== "NotOlderThan") throw refuse("resourceVersionMatch", needsMatch);
  return { list: sendInitialEvents, from };
}

const refuse = (field: string, why: string) => invalidOptions("ListOptions", [forbidden(field, why)]);
const unlessInitial = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
const needsMatch = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";

function timeoutMs(api: Api, { timeoutSeconds }: WatchOptions): number {
  if (timeoutSeconds !== undefined) return timeoutSeconds * 1000;
  const { least, most } = defaultTimeoutMs;
  return least + api.random.next() * (most - least);
}
