import { type Csi, connect } from "../csi/client.ts";
import { type CsiHandlers, serve } from "../csi/server.ts";
import { answerVices } from "./wrong-drivers/answers.ts";
import { failureVices, nameVices } from "./wrong-drivers/creates.ts";
import { deletionVices } from "./wrong-drivers/deletions.ts";
import { restoreVices } from "./wrong-drivers/restores.ts";
import type { Vice } from "./wrong-drivers/vice.ts";
import { viewVices } from "./wrong-drivers/views.ts";

/** Ways to be wrong, one each, and the checks that notice. */
export const vices: readonly Vice[] = [
  ...answerVices,
  ...nameVices,
  ...failureVices,
  ...viewVices,
  ...deletionVices,
  ...restoreVices,
];

/** Longer than any driver here takes. */
const timeoutMs = 30_000;

export interface WrongDriver {
  readonly csi: Csi;
  close(): Promise<void>;
}

/** Serves at `address` what the driver at `driver` answers, but for what the vice does. */
export async function wrongDriver(options: {
  readonly address: string;
  readonly driver: string;
  readonly vice: Pick<Vice, "wrong">;
}): Promise<WrongDriver> {
  const honest = connect({ address: options.driver });
  const wrong = options.vice.wrong(honest);
  const server = await serve({
    address: options.address,
    identity: { ...passedOn(honest.identity), ...wrong.identity },
    controller: { ...passedOn(honest.controller), ...wrong.controller },
    groupController: { ...passedOn(honest.groupController), ...wrong.groupController },
    node: { ...passedOn(honest.node), ...wrong.node },
  });
  const csi = connect({ address: options.address });
  return {
    csi,
    async close() {
      csi.close();
      await server.stop(0);
      honest.close();
    },
  };
}

type Pass = (request: object, call: { readonly signal: AbortSignal; readonly timeoutMs: number }) => Promise<object>;

function passedOn(service: object): NonNullable<CsiHandlers["node"]> {
  return Object.fromEntries(
    Object.entries(service).map(([name, call]: [string, Pass]) => [
      name,
      (request: object, { signal }: { readonly signal: AbortSignal }) => call(request, { signal, timeoutMs }),
    ]),
  );
}
