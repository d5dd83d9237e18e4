import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Failure } from "../../lib/failure.ts";
import { openDatabase } from "../../lib/sqlite.ts";
import { openLog, type RevisionLog } from "./log.ts";
import { openStore, type Store, type Window } from "./store.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gs-store-"));
  path = join(folder, "api.db");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const things = "example.com/things";
const thing = (name: string, size: number) => ({
  kind: "Thing",
  metadata: { name, namespace: "default", uid: name },
  size,
});
const open = async (window?: Window) => openStore(await openLog(path), window);
const key = (name: string) => ({ namespace: "default", name });
const sizes = (store: Store) =>
  store
    .collection(things)
    .list()
    .map((stored) => `${stored.key.name}=${stored.object.size}`);

test("writes of one turn are one transaction, and each has its own revision", async () => {
  const log = await openLog(path);
  const lots: number[] = [];
  const append: RevisionLog["append"] = (changes) => {
    lots.push(changes.length);
    log.append(changes);
  };
  const store = openStore({ ...log, append });
  const written = [
    store.put(things, thing("a", 1)),
    store.put(things, thing("b", 1)),
    store.put(things, thing("a", 2)),
  ];
  await store.settled();
  store.close();
  expect(lots).toEqual([3]);
  expect(written.map(({ revision }) => revision)).toEqual([1, 2, 3]);
  expect(written[2]?.metadata.resourceVersion).toBe("3");
});

test("what was written is there after the store was opened again, byte for byte", async () => {
  const store = await open();
  const stored = store.put(things, { ...thing("a", 1), long: 9007199254740993n });
  store.put(things, thing("b", 1));
  await store.settled();
  store.remove(things, thing("b", 1));
  store.close();
  const again = await open();
  expect(again.revision).toBe(3);
  expect(again.collection(things).get(key("a"))?.bytes.toString()).toBe(stored.bytes.toString());
  expect(again.collection(things).get(key("b"))).toBeUndefined();
  again.close();
});

test("nobody is told of a change before it is durable", async () => {
  const store = await open();
  const told: string[] = [];
  store.onCommit((changes) => told.push(...changes.map(({ type }) => type)));
  store.put(things, thing("a", 1));
  expect(told).toEqual([]);
  await store.settled();
  expect(told).toEqual(["ADDED"]);
  store.close();
});

test("a commit that fails undoes the whole turn, tells who waits, and the next one works", async () => {
  const log = await openLog(path);
  const full = new Failure("exhausted", "no room");
  let failing = false;
  const append: RevisionLog["append"] = (changes) => {
    if (failing) throw full;
    log.append(changes);
  };
  const store = openStore({ ...log, append });
  store.put(things, thing("a", 1));
  await store.settled();
  failing = true;
  store.put(things, thing("a", 2));
  store.put(things, thing("b", 1));
  await expect(store.settled()).rejects.toBe(full);
  expect(sizes(store)).toEqual(["a=1"]);
  failing = false;
  expect(store.put(things, thing("a", 3)).revision).toBe(2);
  await store.settled();
  expect(sizes(store)).toEqual(["a=3"]);
  store.close();
});

test("a list of the past undoes what came after", async () => {
  const store = await open();
  store.put(things, thing("a", 1));
  const { revision } = store.put(things, thing("b", 1));
  store.put(things, thing("b", 2));
  store.put(things, thing("c", 1));
  store.remove(things, thing("a", 1));
  await store.settled();
  const past = store.collection(things).listAt(revision);
  store.close();
  expect(past.map((stored) => `${stored.key.name}=${stored.object.size}`)).toEqual(["a=1", "b=1"]);
});

test("the log is compacted behind the window, and still holds every object after a restart", async () => {
  const window = { changes: 10, bytes: 1 << 20 };
  const store = await open(window);
  store.put(things, thing("still", 0));
  for (let i = 1; i <= 600; i++) {
    store.put(things, thing("busy", i));
    if (i % 100 === 0) await store.settled();
  }
  expect(store.collection(things).trimmedTo).toBe(591);
  store.close();
  const database = await openDatabase({ path });
  const rows = database.prepare<{ count: number }>("SELECT count(*) AS count FROM log").get()?.count;
  database.close();
  expect(rows).toBeLessThan(300);
  const again = await open(window);
  expect(sizes(again)).toEqual(["busy=600", "still=0"]);
  expect(again.revision).toBe(601);
  expect(
    again
      .collection(things)
      .changesAfter(595)
      .map(({ stored }) => stored.revision),
  ).toEqual([596, 597, 598, 599, 600, 601]);
  again.close();
});

test("a log of a newer format is refused with advice", async () => {
  (await open()).close();
  const database = await openDatabase({ path });
  database.exec("PRAGMA user_version = 99");
  database.close();
  await expect(open()).rejects.toThrow("was written by a newer groupsnap (format 99)");
});
