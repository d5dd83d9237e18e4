import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { systemClock } from "../../lib/clock.ts";
import { Failure } from "../../lib/failure.ts";
import { nbdAccess } from "../access/nbd-access.ts";
import { imageOpener } from "../block/image.ts";
import { LocalEngine } from "../block/local-engine.ts";
import { prepareLayout, socketOf, volumeImage } from "./layout.ts";
import { Reservations } from "./reservations.ts";
import { openState } from "./state.ts";
import { Uses } from "./uses.ts";
import type { Workshop } from "./workshop.ts";

test("a use that could not be ended is still there to be ended again", async () => {
  const folder = await mkdtemp(join(tmpdir(), "gs-uses-"));
  const layout = await prepareLayout(join(folder, "pool"));
  const state = await openState(layout.state);
  const block = new FailingOnce({ opener: imageOpener(undefined), clock: systemClock });
  const access = nbdAccess({ layout, block: Object.assign(block, { ready: async () => undefined }) });
  const parts: Partial<Workshop> = { layout, state, access, reservations: new Reservations() };
  const uses = new Uses(parts as Workshop); // all that uses need
  state.volumes.insert({ id: "vol-1", name: "data", sizeBytes: 4096, source: undefined, state: "ready" });
  await writeFile(volumeImage(layout, "vol-1"), Buffer.alloc(4096));
  const path = join(folder, "staging");
  const usage = { access: "block", readOnly: false, isAlone: false, fsType: "", mountFlags: [] } as const;
  await uses.stage({ volumeId: "vol-1", path, ...usage });
  await expect(uses.end("vol-1", path)).rejects.toThrow("the engine died");
  expect(uses.find("vol-1", path)).toBeDefined();
  await uses.end("vol-1", path);
  expect(uses.find("vol-1", path)).toBeUndefined();
  await expect(stat(socketOf(layout, "vol-1", false))).rejects.toThrow("ENOENT");
  await block.close();
  state.close();
  await rm(folder, { recursive: true });
});

class FailingOnce extends LocalEngine {
  #failed = false;

  override async withdraw(socket: string): Promise<void> {
    if (this.#failed) return super.withdraw(socket);
    this.#failed = true;
    throw new Failure("unavailable", "the engine died");
  }
}
