import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDatabase } from "./sqlite.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gs-sqlite-"));
  path = join(folder, "state.db");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("a row written in a transaction is there after the database was closed and opened again", async () => {
  const first = await openDatabase({ path });
  first.exec("CREATE TABLE notes (name TEXT PRIMARY KEY, body BLOB)");
  first.transaction(() => first.prepare("INSERT INTO notes VALUES (?, ?)").run("a", Buffer.from("one")));
  first.close();
  const second = await openDatabase({ path });
  const row = second.prepare<{ body: Uint8Array }>("SELECT body FROM notes WHERE name = ?").get("a");
  second.close();
  expect(Buffer.from(row?.body ?? []).toString()).toBe("one");
});

test("a transaction whose work throws leaves nothing behind", async () => {
  const database = await openDatabase({ path });
  database.exec("CREATE TABLE notes (name TEXT)");
  const half = () =>
    database.transaction(() => {
      database.prepare("INSERT INTO notes VALUES (?)").run("half");
      throw new Error("stop here");
    });
  expect(half).toThrow("stop here");
  expect(database.prepare("SELECT name FROM notes").all()).toEqual([]);
  database.close();
});

test("a file that is no database is refused by name, with what to do", async () => {
  writeFileSync(path, "this is not a database, and long enough to have a header of its own ".repeat(40));
  await expect(openDatabase({ path })).rejects.toThrow(/state\.db.*not a database.*move it away/);
});

test("a database torn in the middle is refused when it is opened", async () => {
  const database = await openDatabase({ path });
  database.exec("CREATE TABLE notes (body TEXT)");
  const insert = database.prepare("INSERT INTO notes VALUES (?)");
  database.transaction(() => {
    for (let i = 0; i < 200; i++) insert.run(`note ${i} `.repeat(50));
  });
  database.close();
  truncateSync(path, 20_000);
  await expect(openDatabase({ path })).rejects.toMatchObject({ name: "Failure", code: "precondition" });
});
