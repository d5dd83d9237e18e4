import { expect, test } from "vitest";
import { type Code, Failure } from "../../lib/failure.ts";
import { aClaim, aVolumeFor } from "../../testing/objects/storage.ts";
import { showFailure } from "./failure.ts";

const volume = aVolumeFor(aClaim("data"));
const said = (code: Code, attempts: number) =>
  showFailure({ volume }, { failure: new Failure(code, "vol-1 is in use"), attempts }).events?.map(
    ({ reason, message }) => `${reason}: ${message}`,
  );

test("nothing is said of a volume that its node has not let go of yet, until that lasts", () => {
  for (const code of ["busy", "precondition"] as const) {
    expect([1, 2, 3, 4].flatMap((attempts) => said(code, attempts))).toEqual([]);
    expect(said(code, 5)).toEqual(["VolumeFailedDelete: vol-1 is in use"]);
  }
});

test("any other trouble with deleting a volume is said at once", () => {
  expect(said("internal", 1)).toEqual(["VolumeFailedDelete: vol-1 is in use"]);
});
