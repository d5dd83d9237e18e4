import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { connect } from "./client.ts";
import { consistencyIn, consistencyMetadata } from "./consistency.ts";
import { serve } from "./server.ts";
import type { Metadata } from "./service.ts";

test("what a driver tells beside its answer comes before that, and where it tells nothing nothing is heard", async () => {
  const folder = mkdtempSync(join(tmpdir(), "gs-csi-"));
  const server = await serve({
    address: join(folder, "csi.sock"),
    controller: {
      async createSnapshot({ name }, { tell }) {
        if (name !== "") tell(consistencyMetadata(name));
        return { snapshot: { snapshotId: "s" } };
      },
    },
  });
  const csi = connect({ address: server.address });
  const heard: string[] = [];
  const onMetadata = (metadata: Metadata) => heard.push(consistencyIn(metadata) ?? "nothing");
  for (const name of ["crash", "", "filesystem"]) {
    await csi.controller.createSnapshot(
      { name },
      { signal: AbortSignal.timeout(30_000), timeoutMs: 30_000, onMetadata },
    );
    heard.push("answer");
  }
  expect(heard).toEqual(["crash", "answer", "nothing", "answer", "filesystem", "answer"]);
  csi.close();
  await server.stop(0);
  rmSync(folder, { recursive: true });
});

test.each(["", "Crash", "crash consistent", "a".repeat(64), "<b>"])(
  "%o is no word for what a snapshot is worth",
  (said) => {
    expect(consistencyIn({ "groupsnap-consistency": said })).toBeUndefined();
  },
);
