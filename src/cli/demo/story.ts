import type { GroupSnapshot } from "../../api/group-snapshot/types.ts";
import type { Client } from "../../kube/client/client.ts";
import { Failure } from "../../lib/failure.ts";
import type { Verdict } from "../../verify/judge.ts";
import type { Progress } from "../../verify/progress.ts";
import { groupName, namespace } from "./objects.ts";
import { type Proof, startProof } from "./proof.ts";
import type { Report } from "./report.ts";
import { type Member, type Published, type Walk, walkOn } from "./walk.ts";

const sourceClaims = ["pvc-0", "pvc-1"];
/** Volumes cut one after the other keep their order by luck now and then; this often in a row, the test must be blind. */
const controlTries = 5;
/** Of hundreds of violations the first few say it all. */
const shownViolations = 3;

interface Telling {
  readonly walk: Walk;
  readonly report: Report;
}

/** Tells the walk step by step: cut, restore, proof, control, and nothing left. @throws when a step does not hold */
export async function tellWalk(told: {
  readonly client: Client;
  readonly report: Report;
  readonly signal: AbortSignal;
  readonly poolDir: string;
  readonly keep: boolean;
}): Promise<void> {
  const { report } = told;
  const walk = walkOn(told.client, told.signal);
  await report.step(
    "namespace and classes",
    () => walk.prepare(),
    () => `${namespace}, csi-hostpath-sc, csi-groupsnapclass`,
  );
  const sources = await report.step("claims pvc-0 and pvc-1 bound", () => walk.createClaims(sourceClaims), pathsOf);
  await report.step(
    "both claims labelled",
    () => walk.label(sourceClaims),
    () => "group=myGroup",
  );
  const proof = await report.step(
    "two programs write over both volumes",
    () => startProof(sources, told.signal),
    () => "each record goes to the next volume once the one before it is flushed",
  );
  try {
    await proveGroup({ walk, report }, proof);
    await showControl({ walk, report }, proof);
  } finally {
    await proof.stop();
  }
  if (told.keep) return;
  await report.step(
    "everything deleted",
    () => walk.removeAll(),
    () => "the group takes its members with it (policy Delete)",
  );
  await report.step(
    "nothing is left",
    () => nothingLeft(walk, told.poolDir),
    () => "no object in the API, no image in the pool",
  );
}

async function proveGroup({ walk, report }: Telling, proof: Proof): Promise<void> {
  const cut = await report.step(`VolumeGroupSnapshot ${groupName} ready`, () => cutBetween(walk, proof), tellCut);
  const members = await report.step(
    "its members",
    () => twoMembers(walk, cut.group),
    (found) => found.map(({ claim, snapshot }) => `${claim}: ${snapshot}`).join("\n"),
  );
  const restored = await report.step(
    "both members restored",
    () => walk.restore(members.map(restoreOf("restore"))),
    pathsOf,
  );
  await report.step(
    "the restored volumes hold one instant",
    async () => mustHold(await proof.judge(restored, cut)),
    ({ records }) => `in order: ${records} records, 0 violations`,
  );
}

/** One snapshot of each volume, taken one after the other: shows what a group snapshot is for, and that the judge can see. */
async function showControl({ walk, report }: Telling, proof: Proof): Promise<void> {
  await report.step(
    "control: the same volumes, one snapshot after the other",
    async () => {
      for (let round = 1; round <= controlTries; round++) {
        const verdict = await cutInTurn(walk, proof, round);
        if (verdict.violations.length > 0) return verdict;
      }
      throw new Failure(
        "internal",
        `${controlTries} controls in a row kept their order: the order test does not see what it should`,
      );
    },
    ({ violations }) => `order lost: ${violations.length} violations, such as: ${violations[0]}`,
  );
}

async function cutInTurn(walk: Walk, proof: Proof, round: number): Promise<Verdict> {
  const sources: Member[] = [];
  for (const claim of sourceClaims) {
    const { metadata } = await walk.cutSingle(claim, `${claim}-alone-${round}`);
    sources.push({ claim, snapshot: metadata.name });
  }
  return proof.judge(await walk.restore(sources.map(restoreOf(`alone-${round}`))));
}

interface Cut {
  readonly group: GroupSnapshot;
  readonly before: Progress;
  readonly after: Progress;
}

async function cutBetween(walk: Walk, proof: Proof): Promise<Cut> {
  const before = proof.progress();
  const group = await walk.cutGroup();
  return { group, before, after: proof.progress() };
}

const tellCut = ({ group, before, after }: Cut) =>
  `cut at ${group.status?.creationTime}, between record ${sum(before.acked)} and record ${sum(after.issued)}`;

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);

async function twoMembers(walk: Walk, group: GroupSnapshot): Promise<readonly Member[]> {
  const members = await walk.membersOf(group);
  if (members.map(({ claim }) => claim).join() === sourceClaims.join()) return members;
  throw new Failure(
    "internal",
    `${groupName} has the members ${JSON.stringify(members)}, not one for each of ${sourceClaims.join(", ")}`,
  );
}

/** pvc-0 is restored as pvc0-restore, as the introduction names it. */
const restoreOf = (suffix: string) => (member: Member) => ({
  snapshot: member.snapshot,
  claim: `${member.claim.replace("-", "")}-${suffix}`,
});

function mustHold(verdict: Verdict): Verdict {
  if (verdict.violations.length === 0 && verdict.records > 0) return verdict;
  throw new Failure(
    "internal",
    `the restored volumes are not one instant: ${verdict.violations.slice(0, shownViolations).join("; ") || "they hold no records"}`,
  );
}

async function nothingLeft(walk: Walk, poolDir: string): Promise<void> {
  const left = await walk.leftovers(poolDir);
  if (left.length > 0) throw new Failure("internal", `left behind: ${left.join(", ")}`);
}

const pathsOf = (published: readonly Published[]) => published.map(({ claim, path }) => `${claim}: ${path}`).join("\n");
