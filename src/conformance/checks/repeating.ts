import { type Failure, failureOf, isFailure } from "../../lib/failure.ts";
import { type Check, forGroups } from "../check.ts";
import { type Asked, aGroup, createGroup, cut, deleteGroup, type Group, listedOf } from "../groups.ts";
import { differences } from "../judge-group.ts";
import type { Lab } from "../lab.ts";
import { objectionsToWhole } from "../mismatch.ts";
import { objectionsToRefusal } from "../refusal.ts";

const spec = "CreateVolumeGroupSnapshot";
/** As many as a sidecar that was killed a few times may have left behind. */
const callsAtOnce = 4;

/** The name is the identity. */
export const repeating: readonly Check[] = [
  {
    name: "create/idempotent",
    claim: "the same name with the same volumes, in any order, is answered with the same group snapshot",
    spec,
    needs: forGroups,
    async run(lab) {
      const asked = await aGroup(lab);
      const first = await cut(lab, asked);
      const again = await cut(lab, asked);
      const reversed = await cut(lab, { ...asked, volumeIds: asked.volumeIds.toReversed() });
      return { violations: unique([...differences(first, again), ...differences(first, reversed)]) };
    },
  },
  {
    name: "create/other-volumes",
    claim: "the same name with other volumes is refused with ALREADY_EXISTS, and the group stays what it is",
    spec: `${spec} Errors`,
    needs: forGroups,
    async run(lab) {
      const { name, volumeIds } = await aGroup(lab);
      const asked = { name, volumeIds: volumeIds.slice(0, -1) };
      const group = await cut(lab, asked);
      const others = [
        { what: "a volume more", volumeIds },
        { what: "another volume in place of one", volumeIds: volumeIds.slice(1) },
      ];
      const violations: string[] = [];
      for (const other of others)
        violations.push(
          ...(await objectionsToRefusal(lab, {
            what: `a group of the same name with ${other.what}`,
            codes: ["exists"],
            call: () => cut(lab, { name, volumeIds: other.volumeIds }),
          })),
        );
      return { violations: [...violations, ...(await objectionsToWhole(lab, group))] };
    },
  },
  {
    name: "create/concurrent",
    claim: `${callsAtOnce} creates of one name at once make one group snapshot, and none is answered otherwise than OK or ABORTED`,
    spec: "Concurrency, CreateVolumeGroupSnapshot",
    needs: forGroups,
    async run(lab) {
      const asked = await aGroup(lab);
      const before = await listedIfPossible(lab, asked);
      const outcomes = await Promise.all(Array.from({ length: callsAtOnce }, () => once(lab, asked)));
      const group = await cut(lab, asked);
      const answers = outcomes.flatMap((outcome) => ("group" in outcome ? [outcome.group] : []));
      const failures = outcomes.flatMap((outcome) => ("failure" in outcome ? [outcome.failure] : []));
      const more = [...(await listedIfPossible(lab, asked))].filter((id) => !before.has(id)).length;
      return {
        violations: unique([
          ...answers.flatMap((answer) => differences(group, answer)),
          ...failures.filter((failure) => !isFailure(failure, "busy")).map(({ message }) => message),
          ...(more > asked.volumeIds.length
            ? [`the driver then lists ${more} new snapshots, not ${asked.volumeIds.length}`]
            : []),
        ]),
      };
    },
  },
];

const unique = (sentences: readonly string[]) => [...new Set(sentences)];

/** One call, as it is answered, and remembered whatever that is. */
async function once(lab: Lab, asked: Asked): Promise<{ readonly group: Group } | { readonly failure: Failure }> {
  const { driver, settings, made } = lab;
  try {
    const group = await createGroup(driver, asked, settings.groupParameters);
    made.note(`group snapshot ${asked.name}`, (later) => later.untilDone((again) => deleteGroup(again, group)));
    return { group };
  } catch (error) {
    return { failure: failureOf(error) };
  }
}

const listedIfPossible = async ({ offer, driver }: Lab, { volumeIds }: Asked): Promise<ReadonlySet<string>> =>
  offer.controller.has("LIST_SNAPSHOTS") ? listedOf(driver, volumeIds) : new Set();
