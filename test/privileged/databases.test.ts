import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { postgresBank } from "../../src/testing/databases/postgres.ts";
import { type ApplicationRounds, startApplicationRounds } from "../../src/testing/databases/rounds.ts";
import { sqliteBank } from "../../src/testing/databases/sqlite.ts";
import type { EngineOnPool } from "../../src/testing/driver-on-pool.ts";

/** Short runs of what `npm run bench -- databases` does at length. */
const groupRounds = 3;
const controlRounds = 4;

const atomic = { engine: "atomic", pool: "btrfs" } as const;
const freeze = { engine: "freeze", pool: "xfs" } as const;
const postgres = { database: "PostgreSQL over three volumes", application: postgresBank } as const;
const sqlite = { database: "SQLite with databases on two volumes", application: sqliteBank } as const;

/** What classes ask for, in turn. */
const eitherLevel = [{}, { consistency: "filesystem" }];
const cases: readonly (EngineOnPool & (typeof postgres | typeof sqlite) & { asked: Record<string, string>[] })[] = [
  { ...postgres, ...atomic, asked: eitherLevel },
  { ...postgres, ...freeze, asked: [{}] },
  { ...sqlite, ...atomic, asked: eitherLevel },
  { ...sqlite, ...freeze, asked: [{}] },
];

describe.each(cases)("$database, cut by the $engine engine while it works,", ({ application, asked, ...engine }) => {
  let rounds: ApplicationRounds;
  beforeAll(async () => {
    rounds = await startApplicationRounds(engine, application);
  });
  afterAll(() => rounds.stop());

  test("recovers from every group snapshot with nothing lost, made up or damaged", async () => {
    const violations: string[] = [];
    let transfers = 0;
    for (let i = 0; i < groupRounds; i++) {
      const verdict = await rounds.cutGroup(asked[i % asked.length]);
      violations.push(...verdict.violations);
      transfers = verdict.transfers;
    }
    expect(violations).toEqual([]);
    expect(transfers).toBeGreaterThan(groupRounds);
  });

  test("does not recover from snapshots one after the other", async () => {
    let broken = 0;
    for (let i = 0; i < controlRounds && broken === 0; i++) {
      const { violations } = await rounds.cutInTurn();
      if (violations.length > 0) broken++;
    }
    expect(broken).toBeGreaterThan(0);
  });
});
