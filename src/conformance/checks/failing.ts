import { type Check, forGroups } from "../check.ts";
import { type Asked, aGroup, cut, listedOf } from "../groups.ts";
import { type Lab, nameOf } from "../lab.ts";
import { objectionsToRefusal } from "../refusal.ts";

const spec = "CreateVolumeGroupSnapshot";

/** A volume that does not exist among some that do. What is left is looked for first, while there is nothing of the others. */
export const failing: readonly Check[] = [
  {
    name: "create/leaves-nothing",
    claim: "a group that could not be made leaves no snapshot of the volumes that do exist",
    spec: `${spec}: clean up and make sure no snapshots are leaked (SHOULD)`,
    needs: [...forGroups, "lists"],
    async run(lab) {
      const { volumeIds } = await aGroup(lab);
      const before = await listedOf(lab.driver, volumeIds);
      await failToCut(lab, await withUnknown(lab));
      const more = [...(await listedOf(lab.driver, volumeIds))].filter((id) => !before.has(id));
      return { violations: more.map((id) => `snapshot ${id} is left of a group that was never made`) };
    },
  },
  {
    name: "create/unknown-volume",
    claim: "a group with a volume that does not exist is refused, with a code that says whose fault it is",
    spec: `${spec} Errors, Error Scheme`,
    needs: forGroups,
    async run(lab) {
      const asked = await withUnknown(lab);
      const refusal = {
        what: "a group with a volume that does not exist",
        codes: ["notFound", "invalid", "precondition"] as const,
        call: () => cut(lab, asked),
      };
      return { violations: await objectionsToRefusal(lab, refusal) };
    },
  },
  {
    name: "create/after-failure",
    claim: "a name under which a group could not be made can be used for one that can",
    spec,
    needs: forGroups,
    async run(lab) {
      const asked = await aGroup(lab);
      await failToCut(lab, { ...(await withUnknown(lab)), name: asked.name });
      await cut(lab, asked);
      return { violations: [] };
    },
  },
];

async function withUnknown(lab: Lab): Promise<Asked> {
  const { name, volumeIds } = await aGroup(lab);
  return { name, volumeIds: [...volumeIds, nameOf(lab, "no-such-volume")] };
}

/** Whether and how that is refused is for another check. */
async function failToCut(lab: Lab, asked: Asked): Promise<void> {
  await cut(lab, asked).catch(() => lab.signal.throwIfAborted());
}
