import { expect, test } from "vitest";
import { tableLines } from "./table.ts";

test("pads every column of a table but the last", () => {
  expect(
    tableLines(
      ["CLAIM", "PATH"],
      [
        ["pvc-0", "/a"],
        ["logs-of-db", "/b/c"],
      ],
    ),
  ).toEqual(["CLAIM       PATH", "pvc-0       /a", "logs-of-db  /b/c"]);
});
