import { exec } from "../../lib/exec.ts";
import type { Application, Verdict, Work } from "./application.ts";
import { untilMore } from "./application.ts";
import { audit, type Books, type Branch, balanceOf, openingOf, sheetsOf, transfer, transfersIn } from "./ledger.ts";
import {
  initPostgres,
  type PostgresServer,
  type PostgresTools,
  postgresTools,
  quietly,
  startPostgres,
  verifyChecksums,
} from "./postgres-server.ts";
import { type Talk, talk } from "./talk.ts";

const tellers = 3;

/**
 * PostgreSQL over three volumes: data with the west branch, log, tablespace with the east branch; pgbench beside the tellers, its
 * tables in the tablespace and their indexes with the data.
 *
 * The log comes first: cut before the data, it lacks the checkpoint that the data begin at.
 */
export async function postgresBank(): Promise<Application> {
  const tools = await postgresTools();
  return {
    volumes: [
      { name: "wal", fsType: "xfs" },
      { name: "data", fsType: "ext4" },
      { name: "east", fsType: "ext4" },
    ],
    async begin(folder) {
      await initPostgres(folder, tools);
      const server = await startPostgres(folder, tools);
      await open(server);
      return work(server);
    },
    judge: (folder, acked) => judge(folder, { acked, tools }),
  };
}

async function open(server: PostgresServer): Promise<void> {
  await server.run(`CREATE SCHEMA west; ${openingOf("west")}`);
  await server.run(`CREATE SCHEMA east; SET default_tablespace = east; ${openingOf("east")}`);
  const where = ["--tablespace=east", "--index-tablespace=pg_default"];
  const argv = server.client("pgbench", "--initialize", "--quiet", ...where, "postgres");
  await exec(argv, { timeoutMs: 120_000, signal: new AbortController().signal, env: { LC_ALL: "C" } });
}

function work(server: PostgresServer): Work {
  const acked = Array.from({ length: tellers }, () => 0);
  const clients = acked.map((_, teller) => startTeller(server, teller, acked));
  clients.push(talk("pgbench", server.client("pgbench", "--client=2", "--time=86400", "postgres")));
  const over = Promise.race(clients.map((client) => client.over));
  let early: unknown;
  over.catch((error: unknown) => {
    early = error;
  });
  return {
    acked: () => [...acked],
    more: (count) => untilMore(() => acked, over, count),
    checkpoint: async () => void (await server.run("CHECKPOINT")),
    async stop() {
      const why = early;
      for (const client of clients) await client.end("SIGTERM");
      await server.stop();
      if (why !== undefined) throw why;
    },
  };
}

/** One transfer after the other; the number of each is echoed once it is committed. */
function startTeller(server: PostgresServer, teller: number, acked: number[]): Talk {
  const next = (number: number) => psql.say(`${transfer(teller, number)}\\echo ${number}\n`);
  const psql = talk("a teller", server.client("psql", ...quietly), (line) => {
    if (!/^\d+$/.test(line)) return;
    acked[teller] = Number(line);
    next(Number(line) + 1);
  });
  next(1);
  return psql;
}

async function judge(
  folder: string,
  { acked, tools }: { readonly acked: readonly number[]; readonly tools: PostgresTools },
): Promise<Verdict> {
  try {
    const server = await startPostgres(folder, tools);
    let verdict: Verdict;
    try {
      verdict = await look(server, acked);
    } finally {
      await server.stop();
    }
    await verifyChecksums(folder, tools);
    return verdict;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { violations: [why], transfers: 0, recovered: false }; // it would not start, not answer, or not end
  }
}

async function look(server: PostgresServer, acked: readonly number[]): Promise<Verdict> {
  const books = { west: await branchOf(server, "west"), east: await branchOf(server, "east") };
  const violations = [...audit(books, acked), ...(await auditPgbench(server))];
  return { violations, transfers: transfersIn(books), recovered: server.recovered };
}

async function branchOf(server: PostgresServer, branch: Branch): Promise<Books[Branch]> {
  const [[balance] = []] = await server.run(balanceOf(branch));
  const sheets = (await server.run(sheetsOf(branch))).map((row) => {
    const [teller = 0, count = 0, last = 0, moved = 0] = row.map(Number);
    return { teller, count, last, moved };
  });
  return { balance: Number(balance), sheets };
}

/** Each of its transactions adds one amount in all four tables. */
async function auditPgbench(server: PostgresServer): Promise<readonly string[]> {
  const columns = { accounts: "abalance", tellers: "tbalance", branches: "bbalance", history: "delta" };
  const sums = Object.entries(columns).map(([table, column]) => `(SELECT SUM(${column}) FROM pgbench_${table})`);
  const [row = []] = await server.run(`SELECT ${sums.join(", ")}`);
  return new Set(row.map(Number)).size === 1 ? [] : [`pgbench's sums differ: ${row.join(", ")}`];
}
