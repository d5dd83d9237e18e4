import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openDatabase } from "../../lib/sqlite.ts";
import { openState } from "./state.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gs-state-"));
  path = join(folder, "state.db");
});
afterEach(() => rmSync(folder, { recursive: true }));

const volume = { id: "vol-1", name: "data", sizeBytes: 1 << 20, source: undefined, state: "ready" } as const;
const use = {
  path: "/t",
  volumeId: "vol-1",
  kind: "publish",
  access: "block",
  readOnly: false,
  isAlone: false,
} as const;

/** Takes the file back to how an earlier version left it, and says which one that is. */
async function asVersion(version: number, sql: string) {
  const state = await openState(path);
  state.volumes.insert(volume);
  state.uses.insert({ ...use, reached: "nbd" });
  state.close();
  const db = await openDatabase({ path });
  db.exec(`DROP TABLE served; ${sql} PRAGMA user_version = ${version}`);
  db.close();
}

describe("how a pool was reached", () => {
  test("is remembered over a restart, for as long as the pool holds anything", async () => {
    const first = await openState(path);
    first.volumes.insert(volume);
    expect(first.served()).toBeUndefined();
    first.serve("loop");
    first.close();
    const second = await openState(path);
    expect(second.served()).toBe("loop");
    second.volumes.remove("id = ?", volume.id);
    expect(second.served()).toBeUndefined();
    second.close();
  });

  test("is forgotten with the last volume: the next one was reached by nobody", async () => {
    const state = await openState(path);
    state.volumes.insert(volume);
    state.serve("nbd");
    state.volumes.remove("id = ?", volume.id);
    state.volumes.insert({ ...volume, id: "vol-2" });
    expect(state.served()).toBeUndefined();
    state.close();
  });

  test.each([
    [1, "ALTER TABLE uses DROP COLUMN reached; DROP TABLE holds;"],
    [2, ""],
  ])("is told by the uses in a state of version %i", async (version, sql) => {
    await asVersion(version, sql);
    const state = await openState(path);
    expect([state.served(), state.uses.list("true"), state.holds.list("true")]).toEqual([
      "nbd",
      [{ ...use, reached: "nbd" }],
      [],
    ]);
    state.close();
  });
});

test("a state that a newer version wrote is left as it is", async () => {
  await asVersion(99, "");
  await expect(openState(path)).rejects.toThrow("was written by a newer version (99)");
});
