import { readdirSync, writeSync } from "node:fs";
import koffi from "koffi";
import { type Database, openDatabase } from "../../lib/sqlite.ts";
import { type Branch, balanceOf, branches, openingOf, type Sheet, sheetsOf, transfer } from "./ledger.ts";

// A bank on SQLite: `node sqlite-program.mjs work|judge FOLDER`. The folder becomes its root directory: a journal names the
// super-journal by its absolute path, so copies have to be where their sources were, as they are in containers.
const [task, folder = ""] = process.argv.slice(2);
(await openDatabase({ path: ":memory:" })).close(); // loads the library while it can be found
process.chdir(folder);
const chroot = koffi.load(null).func("int chroot(const char *path)");
if (chroot(".") !== 0) throw new Error(`cannot make ${folder} the root directory: error ${koffi.errno()}`);
if (task === "work") await work();
else await judge();

/** Prints the number of each transfer once it is committed. */
async function work(): Promise<void> {
  const db = await open();
  for (const branch of branches) db.exec(openingOf(branch));
  for (let number = 1; ; number++) {
    db.exec(transfer(0, number));
    writeSync(1, `${number}\n`);
  }
}

/** Prints what is in the files, and which journals were there: of a commit that was under way. */
async function judge(): Promise<void> {
  const journals = branches.flatMap((branch) => readdirSync(`/${branch}`)).filter((name) => /-journal$|-mj/.test(name));
  const db = await open();
  const [west, east] = [branchOf(db, "west"), branchOf(db, "east")];
  const damage = branches.flatMap((branch) =>
    db
      .prepare<{ integrity_check: string }>(`PRAGMA ${branch}.integrity_check`)
      .all()
      .flatMap((row) => (row.integrity_check === "ok" ? [] : [row.integrity_check])),
  );
  db.close();
  writeSync(1, `${JSON.stringify({ books: { west, east }, damage, journals })}\n`);
}

/** Both branches attached to a third file, in rollback-journal mode: what changes in both goes by a super-journal. */
async function open(): Promise<Database> {
  const db = await openDatabase({ path: "/west/bank.db" });
  for (const branch of branches) {
    db.exec(`ATTACH '/${branch}/${branch}.db' AS ${branch}`);
    db.exec(`PRAGMA ${branch}.journal_mode = DELETE; PRAGMA ${branch}.synchronous = FULL`);
  }
  return db;
}

function branchOf(db: Database, branch: Branch) {
  const balance = Object.values(db.prepare(balanceOf(branch)).get() ?? {})[0];
  return { balance: Number(balance), sheets: db.prepare<Sheet>(sheetsOf(branch)).all() };
}
