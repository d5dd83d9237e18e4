import { Failure } from "../../lib/failure.ts";
import type { Logger } from "../../lib/log.ts";
import type { Access } from "../access/access.ts";
import type { CutEngine } from "./cut-engine.ts";

/** A cut engine that may or may not work here, with the way in which its volumes are reached. */
export interface Candidate {
  readonly name: string;
  readonly access: Access["name"];
  /** Tries whether it works here. Never throws: what it found is for the log and for GetPluginInfo. */
  probe(): Promise<Probe>;
  /** Ends what an earlier run left, and is ready to serve. */
  open(): Promise<Means>;
}

export interface Probe {
  readonly works: boolean;
  readonly finding: string;
}

/** What a driver cuts with and serves with; they belong together. */
export interface Means {
  readonly cutter: CutEngine;
  readonly access: Access;
}

interface Wish {
  /** An engine's name, or "auto". */
  readonly engine: string;
  /** How what is in the pool has been reached: in the other way it could be hidden, formatted over, or written twice. */
  readonly served: Access["name"] | undefined;
}

/**
 * The first candidate, of those in order of preference, that works here; or the one asked for.
 *
 * @returns it, what its probe found, and what those of the ones before it did
 * @throws Failure "invalid" for an unknown name; "precondition" if the engine does not work here, with what was found
 */
export async function pickEngine(candidates: readonly Candidate[], wish: Wish, log: Logger) {
  const wanted = wish.engine === "auto" ? candidates : candidates.filter(({ name }) => name === wish.engine);
  if (wanted.length === 0) {
    const names = ["auto", ...candidates.map(({ name }) => name)];
    const choice = `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
    throw new Failure("invalid", `there is no engine ${wish.engine}; use ${choice}`);
  }
  const findings: string[] = [];
  for (const candidate of wanted) {
    const { works, finding } = await probe(candidate, wish);
    log.info({ engine: candidate.name, works, finding }, "probed a cut engine");
    if (works) return { candidate, finding, passedOver: findings };
    findings.push(`${candidate.name}: ${finding}`);
  }
  throw new Failure("precondition", `no engine works here: ${findings.join("; ")}`);
}

async function probe(candidate: Candidate, { served }: Wish): Promise<Probe> {
  if (served === undefined || served === candidate.access) return candidate.probe();
  const how = served === "nbd" ? "NBD sockets" : "loop devices";
  const finding = `the volumes of this pool have been served as ${how}, and it would serve them in another way: use another pool`;
  return { works: false, finding };
}
