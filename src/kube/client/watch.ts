import type { Readable } from "node:stream";
import type { Clock } from "../../lib/clock.ts";
import { Failure } from "../../lib/failure.ts";
import { type JsonObject, parseJson } from "../../lib/json.ts";
import type { KubeObject, Resource } from "../object.ts";
import type { WatchCall, WatchEvent } from "./client.ts";
import { forwardAbort } from "./deadline.ts";
import { asStatus, failureOfStatus } from "./failures.ts";
import { nameOf, pathOf, queryOf } from "./paths.ts";
import { explain, type Requests } from "./requests.ts";

/** A server that does not end the watch when it should is no longer there. */
const graceMs = 30_000;

interface WatchDeps {
  readonly http: Requests;
  readonly clock: Clock;
  readonly server: string;
}

/** Opens a watch, with bookmarks, and yields its events. */
export async function* openWatch<T extends KubeObject>(
  deps: WatchDeps,
  resource: Resource<T>,
  call: WatchCall,
): AsyncGenerator<WatchEvent<T>> {
  const { namespace, labelSelector, fieldSelector, resourceVersion, timeoutSeconds, signal } = call;
  const what = `watch ${nameOf(resource)}${namespace ? ` in ${namespace}` : ""}`;
  const parameters = { labelSelector, fieldSelector, resourceVersion, timeoutSeconds };
  const path = pathOf(resource, { namespace }) + queryOf({ watch: true, allowWatchBookmarks: true, ...parameters });
  const stop = new AbortController();
  const unlink = forwardAbort(signal, stop);
  if (timeoutSeconds !== undefined)
    deps.clock.sleep(timeoutSeconds * 1000 + graceMs, stop.signal).then(
      () => stop.abort(new Failure("unavailable", `cannot ${what}: the server went silent`)),
      () => undefined, // the watch ended in time
    );
  try {
    yield* watchEvents<T>(await deps.http.stream({ method: "GET", path, what, signal: stop.signal }), what);
  } catch (error) {
    throw explain(error, { what, signal: stop.signal }, deps.server);
  } finally {
    unlink();
    stop.abort();
  }
}

/** An event carries one object, which servers keep under 3 MiB; encoded twice over it still fits. */
const lineLimitBytes = 16 << 20;

/**
 * The events in the body of a watch. Ends when the server ends it between two events.
 *
 * @throws Failure of an ERROR event ("expired" for 410); "internal" for what is not an event; "unavailable" when the body
 *   ends within an event; the stream's own error when it breaks
 */
async function* watchEvents<T extends KubeObject>(body: Readable, what: string): AsyncGenerator<WatchEvent<T>> {
  const lines = lineSplitter(what);
  for await (const chunk of body) {
    for (const line of lines.push(chunk)) {
      if (line !== "") yield eventOf<T>(line, what);
    }
  }
  if (lines.hasRest()) throw new Failure("unavailable", `cannot ${what}: the watch ended in the middle of an event`);
}

/** Cuts a stream of bytes into lines; each byte is looked at once, however small the pieces are. */
function lineSplitter(what: string): { push(chunk: Buffer): string[]; hasRest(): boolean } {
  let rest: Buffer[] = [];
  let restBytes = 0;
  return {
    push(chunk) {
      const lines: string[] = [];
      let start = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
        rest.push(chunk.subarray(start, end));
        lines.push((rest.length === 1 && rest[0] ? rest[0] : Buffer.concat(rest)).toString("utf8"));
        rest = [];
        restBytes = 0;
        start = end + 1;
      }
      if (start === chunk.length) return lines;
      rest.push(chunk.subarray(start));
      restBytes += chunk.length - start;
      if (restBytes > lineLimitBytes)
        throw new Failure("tooLarge", `cannot ${what}: an event is larger than ${lineLimitBytes} bytes`);
      return lines;
    },
    hasRest: () => restBytes > 0,
  };
}

const kinds: ReadonlySet<unknown> = new Set(["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]);

function eventOf<T extends KubeObject>(line: string, what: string): WatchEvent<T> {
  const event = parseLine(line, what);
  if (event.type === "ERROR") {
    const status = asStatus(event.object);
    if (status) throw failureOfStatus(status, what);
  }
  if (!kinds.has(event.type) || !hasVersion(event.object))
    throw new Failure("internal", `cannot ${what}: the server sent something that is not an event`);
  return event as unknown as WatchEvent<T>; // its type is known and its object has a version; the rest is the schema's word
}

function parseLine(line: string, what: string): JsonObject {
  try {
    const event = parseJson(line);
    if (typeof event === "object" && event !== null && !Array.isArray(event)) return event as JsonObject; // not an array: an object
  } catch (error) {
    throw new Failure("internal", `cannot ${what}: the server sent a line that is not JSON`, { cause: error });
  }
  throw new Failure("internal", `cannot ${what}: the server sent a line that is not an event`);
}

function hasVersion(object: unknown): boolean {
  if (typeof object !== "object" || object === null || !("metadata" in object)) return false;
  const { metadata } = object;
  return (
    typeof metadata === "object" &&
    metadata !== null &&
    "resourceVersion" in metadata &&
    typeof metadata.resourceVersion === "string"
  );
}
