import { describe, expect, test } from "vitest";
import { type PlaceSeen, planPlace } from "./plan.ts";

const plan = (seen: Partial<PlaceSeen>) =>
  planPlace({
    dataDir: "/d",
    wish: "auto",
    madeWith: undefined,
    hasImage: false,
    hadImage: false,
    isRoot: true,
    ...seen,
  });

describe("the place of a data folder's pool", () => {
  test("is looked for by root in a new folder, and by nobody else", () => {
    expect(plan({})).toEqual({ do: "find", engine: "auto" });
    expect(plan({ wish: "freeze" })).toEqual({ do: "find", engine: "freeze" });
    expect(plan({ isRoot: false })).toEqual({ do: "serve" });
    expect(plan({ wish: "userland" })).toEqual({ do: "serve" });
    expect(plan({ isRoot: false, wish: "userland" })).toEqual({ do: "serve" });
  });

  test("stays a folder of sockets, whoever starts it", () => {
    expect(plan({ madeWith: "userland" })).toEqual({ do: "serve" });
    expect(plan({ madeWith: "userland", wish: "userland", isRoot: false })).toEqual({ do: "serve" });
  });

  test("stays mounted with the engine that made it, or with another that mounts", () => {
    expect(plan({ madeWith: "atomic" })).toEqual({ do: "mount", engine: "atomic" });
    expect(plan({ madeWith: "atomic", hasImage: true, hadImage: true })).toEqual({ do: "mount", engine: "atomic" });
    expect(plan({ madeWith: "atomic", wish: "freeze" })).toEqual({ do: "mount", engine: "freeze" });
  });

  test("is looked for again where an image was being made", () => {
    expect(plan({ hasImage: true })).toEqual({ do: "find", engine: "auto" });
  });

  test.each<[string, Partial<PlaceSeen>, RegExp]>([
    ["an engine that needs root, without it", { wish: "atomic", isRoot: false }, /atomic needs root: start it as root/],
    ["mounted volumes without root", { madeWith: "freeze", isRoot: false }, /volumes of \/d are mounted .*as root/],
    ["a pool in an image without root", { hasImage: true, isRoot: false }, /volumes of \/d are mounted .*as root/],
    ["sockets for mounted volumes", { madeWith: "atomic", wish: "userland" }, /userland serves sockets: .*--data-dir/],
    ["sockets for a pool in an image", { hasImage: true, wish: "userland" }, /userland serves sockets: .*--data-dir/],
    ["mounts for volumes at sockets", { madeWith: "userland", wish: "atomic" }, /are sockets .*--data-dir/],
    ["an empty folder for a lost image", { madeWith: "atomic", hadImage: true }, /pool\.img, is gone: restore it/],
    [
      "both at once",
      { madeWith: "userland", wish: "freeze", isRoot: false },
      /are sockets .*start it without --engine/,
    ],
  ])("is not taken for what it is not, and what is needed is said: %s", (_, seen, message) => {
    expect(() => plan(seen)).toThrow(message);
  });
});
