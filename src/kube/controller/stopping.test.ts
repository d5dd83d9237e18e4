import { afterEach, beforeEach, expect, test } from "vitest";
import { type ControlledThings, controlledThings } from "../../testing/controlled-things.ts";
import { onChange } from "./plan.ts";

let all: ControlledThings;
beforeEach(async () => {
  all = await controlledThings();
});
afterEach(() => all.stop());

test("lets a plan that has begun go on to its end when it is to stop, and begins no other", async () => {
  for (const name of ["a", "b"]) all.api.put(name);
  const stopping = new AbortController();
  const log: string[] = [];
  let finish: () => void = () => undefined;
  all.run(
    {
      decide: ({ thing }) => ({
        reason: "Working",
        steps: [[{ do: "first", thing }], [{ do: "second", thing }]],
        next: onChange,
      }),
      act: async ({ do: name, thing }) => {
        log.push(`${name} of ${thing.metadata.name}`);
        if (name === "first") await new Promise<void>((resolve) => (finish = resolve));
      },
    },
    { workers: 1, stopping: stopping.signal },
  );
  await expect.poll(() => log).toEqual(["first of a"]);
  stopping.abort(new Error("told to stop"));
  finish();
  await expect.poll(() => log).toEqual(["first of a", "second of a"]);
  await all.stop();
  expect(log).toEqual(["first of a", "second of a"]);
});
