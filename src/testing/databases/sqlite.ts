import { bundled } from "../../driver/testing/bundled.ts";
import { exec } from "../../lib/exec.ts";
import { type Application, untilMore, type Verdict, type Work } from "./application.ts";
import { audit, type Books, transfersIn } from "./ledger.ts";
import { talk } from "./talk.ts";

/** What the program says of a copy. */
interface Report {
  readonly books: Books;
  /** What SQLite's integrity check has to say. */
  readonly damage: readonly string[];
  /** Names of the journals that were there before it was opened. */
  readonly journals: readonly string[];
}

/** SQLite with two attached databases, each branch on a volume of its own. */
export async function sqliteBank(): Promise<Application> {
  const program = await bundled(new URL("./sqlite-program.ts", import.meta.url));
  return {
    volumes: [
      { name: "west", fsType: "ext4" },
      { name: "east", fsType: "xfs" },
    ],
    begin: async (folder) => work([process.execPath, program, "work", folder]),
    judge: (folder, acked) => judge([process.execPath, program, "judge", folder], acked),
  };
}

function work(argv: readonly [string, ...string[]]): Work {
  let last = 0;
  const teller = talk("the bank on SQLite", argv, (line) => {
    if (/^\d+$/.test(line)) last = Number(line);
  });
  let early: unknown;
  teller.over.catch((error: unknown) => {
    early = error;
  });
  return {
    acked: () => [last],
    more: (count) => untilMore(() => [last], teller.over, count),
    checkpoint: async () => undefined, // nothing is held back
    async stop() {
      const why = early;
      await teller.end("SIGKILL");
      if (why !== undefined) throw why;
    },
  };
}

async function judge(argv: readonly [string, ...string[]], acked: readonly number[]): Promise<Verdict> {
  try {
    const { stdout } = await exec(argv, { timeoutMs: 120_000, signal: new AbortController().signal });
    const { books, damage, journals } = JSON.parse(stdout) as Report; // our own program printed it
    const violations = [...audit(books, acked), ...damage];
    return { violations, transfers: transfersIn(books), recovered: journals.length > 0 };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { violations: [`SQLite: ${why}`], transfers: 0, recovered: false }; // it would not open, or not answer
  }
}
