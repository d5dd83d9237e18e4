import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { simulatedClock } from "../../testing/simulated-clock.ts";
import { writeOutBySyscall } from "./write-out.ts";

const here = tmpdir();

test("what is written out to a device that does not answer is given up, so that its cut fails and says so", async () => {
  const clock = simulatedClock();
  const writeOut = writeOutBySyscall(() => new Promise(() => undefined), clock);
  const outcome = writeOut([here, here, here, here]).catch((error: unknown) => error);
  await clock.advance(120_000);
  expect(await outcome).toMatchObject({
    code: "timeout",
    message: expect.stringMatching(/^writing out .* took longer than 120000 ms: a device does not answer/),
  });
});

test("a filesystem that cannot be written out is named, with the kernel's code for why", async () => {
  const refused = Object.assign(new Error("EIO"), { code: "EIO" });
  const writeOut = writeOutBySyscall(() => Promise.reject(refused), simulatedClock());
  await expect(writeOut([here])).rejects.toMatchObject({
    code: "EIO",
    message: `cannot write out what is at ${here}: EIO`,
  });
});
