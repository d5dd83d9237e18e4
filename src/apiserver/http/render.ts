import type { JsonObject } from "../../lib/json.ts";
import { stringifyJson } from "../../lib/json.ts";
import { protobufFrame } from "../protobuf/protobuf.ts";
import type { Served } from "../registry.ts";
import type { View } from "../store/stored.ts";
import { tableOf } from "../table/table.ts";
import { apiVersionOf } from "../verbs/verb.ts";
import type { EventEncoder } from "../watch/watcher.ts";
import type { Wanted } from "./accept.ts";

/** What is listed around the items. */
export interface ListMeta {
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

/** How one client wants the objects of one kind to look. */
export interface Presentation {
  readonly served: Served;
  readonly wanted: Wanted;
  /** What a table carries beside its cells. */
  readonly includeObject: "None" | "Metadata" | "Object";
  readonly now: () => Date;
}

export function renderObject(view: View, how: Presentation): Buffer {
  if (how.wanted.as === "object") return view.bytes;
  return encoded(
    how.wanted.as === "metadata" ? partialOf(view.object) : table([view.object], metadataVersion(view.object), how),
  );
}

/** A list. Whole objects are not parsed or made anew: their bytes are put side by side. */
export function renderList(views: readonly View[], metadata: ListMeta, how: Presentation): Buffer {
  const { wanted, served } = how;
  if (wanted.as === "table") {
    const objects = views.map((view) => view.object);
    return encoded(table(objects, metadata, how));
  }
  if (wanted.as === "metadata") return encoded(partialList(views, metadata));
  const head = { kind: served.kind.listKind, apiVersion: apiVersionOf(served.kind), metadata };
  return spliced(JSON.stringify(head), served.custom ? views.map(({ bytes }) => bytes) : views.map(bareBytes(served)));
}

/** The items of lists of built-in kinds do not say what they are: the list does. Custom resources do. */
function bareBytes({ kind }: Served): (view: View) => Buffer {
  const begins = Buffer.from(JSON.stringify({ apiVersion: apiVersionOf(kind), kind: kind.kind }).replace(/\}$/, ","));
  return (view) => {
    const { bytes } = view;
    if (bytes.subarray(0, begins.length).equals(begins)) return Buffer.concat([open, bytes.subarray(begins.length)]);
    const fields = Object.entries(view.object).filter(([field]) => field !== "apiVersion" && field !== "kind");
    return Buffer.from(stringifyJson(Object.fromEntries(fields))); // written before they came first
  };
}

const open = Buffer.from("{");

function spliced(head: string, items: readonly Buffer[]): Buffer {
  const parts: Buffer[] = [Buffer.from(`${head.slice(0, -1)},"items":[`)];
  items.forEach((item, i) => {
    if (i > 0) parts.push(comma);
    parts.push(item);
  });
  parts.push(end);
  return Buffer.concat(parts);
}

const comma = Buffer.from(",");
const end = Buffer.from("]}");

/** The frames of a watch in the shape the client asked for. */
export function eventEncoder(how: Presentation): EventEncoder {
  const { wanted, served } = how;
  const frame = wanted.format === "protobuf" ? protobufFrame : jsonFrame;
  let toldColumns = false;
  const row = (object: JsonObject): JsonObject => {
    const rows = table([object], metadataVersion(object), how);
    if (toldColumns) return { ...rows, columnDefinitions: null }; // the client has them from the first
    toldColumns = true;
    return rows;
  };
  const shape = (object: JsonObject) => {
    if (wanted.as === "object") return object;
    return wanted.as === "metadata" ? partialOf(object) : row(object);
  };
  const isPlain = wanted.as === "object" && wanted.format !== "protobuf";
  const kindOf =
    wanted.as === "metadata" ? partialKind : { kind: served.kind.kind, apiVersion: apiVersionOf(served.kind) };
  return {
    event: (type, view) => (isPlain ? plainFrame(type, view) : frame(type, shape(view.object))),
    bookmark: (revision, annotations) => {
      const metadata = { resourceVersion: String(revision), ...(annotations && { annotations }) };
      if (wanted.as === "table") return frame("BOOKMARK", table([], metadata, how));
      return frame("BOOKMARK", { ...kindOf, metadata: { ...metadata, creationTimestamp: null } });
    },
    error: (status) => frame("ERROR", { ...status } as unknown as JsonObject), // plain data
  };
}

const jsonFrame = (type: string, object: JsonObject) =>
  Buffer.from(`{"type":"${type}","object":${stringifyJson(object)}}\n`);

/** Watchers of one kind get the same bytes, made for the first of them. */
const recentFrames = new Map<View, { readonly type: string; readonly bytes: Buffer }>();
/** As many changes as a busy turn commits; frames are needed no longer than that. */
const recentFramesLimit = 64;

function plainFrame(type: string, view: View): Buffer {
  const known = recentFrames.get(view);
  if (known?.type === type) return known.bytes;
  const bytes = Buffer.concat([Buffer.from(`{"type":"${type}","object":`), view.bytes, frameEnd]);
  recentFrames.delete(view);
  recentFrames.set(view, { type, bytes });
  const [oldest] = recentFrames.keys();
  if (recentFrames.size > recentFramesLimit && oldest) recentFrames.delete(oldest);
  return bytes;
}

const frameEnd = Buffer.from("}\n");

function table(objects: readonly JsonObject[], listMeta: object, how: Presentation): JsonObject {
  const { served, includeObject } = how;
  return tableOf({ kind: served.kind, objects, listMeta: { ...listMeta }, includeObject, now: how.now() });
}

function metadataVersion(object: JsonObject): object {
  const metadata = object.metadata as JsonObject | undefined; // of an object that was admitted
  return { resourceVersion: metadata?.resourceVersion };
}

const partialKind = { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1" };

const partialOf = (object: JsonObject): JsonObject => ({ ...partialKind, metadata: object.metadata });

const partialList = (views: readonly View[], metadata: ListMeta): JsonObject => ({
  kind: "PartialObjectMetadataList",
  apiVersion: "meta.k8s.io/v1",
  metadata: { ...metadata },
  items: views.map((view) => partialOf(view.object)),
});

const encoded = (value: JsonObject) => Buffer.from(stringifyJson(value));
