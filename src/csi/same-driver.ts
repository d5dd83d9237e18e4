import { Failure } from "../lib/failure.ts";
import type { Csi } from "./client.ts";
import type { CsiCall } from "./service.ts";

/**
 * The driver as long as it is the one called `name`. After each loss of the connection it is asked who it is before the next
 * call goes out: handles of one driver mean nothing, or something else, to another.
 *
 * Calls to another driver fail with "precondition", and go on when the one that is meant is back.
 * @param onAnswer told after each such question what is wrong, or undefined
 */
export function sameDriver(csi: Csi, name: string, onAnswer: (wrong: string | undefined) => void): Csi {
  let known = { losses: csi.losses };
  const check = async (call: CsiCall) => {
    const { losses } = csi;
    if (known.losses === losses) return;
    const found = await csi.identity.getPluginInfo({}, call);
    if (found.name === name) known = { losses };
    const wrong =
      found.name === name
        ? undefined
        : `at ${csi.address} the driver ${found.name} answers instead of ${name}: bring ${name} back, or start this process anew for ${found.name}`;
    onAnswer(wrong);
    if (wrong !== undefined) throw new Failure("precondition", wrong);
  };
  const checked = <S extends object>(service: S): S =>
    Object.fromEntries(
      Object.entries(service).map(([method, send]: [string, Send]) => [
        method,
        async (request: object, call: CsiCall) => {
          await check(call);
          return send(request, call);
        },
      ]),
    ) as S; // the same methods, each behind a question
  const { controller, groupController, node } = csi;
  return {
    address: csi.address,
    get losses() {
      return csi.losses;
    },
    identity: csi.identity,
    controller: checked(controller),
    groupController: checked(groupController),
    node: checked(node),
    close: () => csi.close(),
  };
}

type Send = (request: object, call: CsiCall) => Promise<unknown>;
