import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { crds } from "./crds.ts";

const folder = new URL("../../deploy/crds/", import.meta.url);
const read = (file: string) => parse(readFileSync(new URL(file, folder), "utf8"));

test("deploy/crds holds what npm run generate would write, and nothing else", () => {
  const files = readdirSync(folder);
  const written = Object.fromEntries(files.map((file) => [file, read(file)]));
  expect(written).toEqual(Object.fromEntries(crds.map((crd) => [`${crd.metadata.name}.yaml`, crd])));
});

test("each definition stores exactly one version, and the group kinds store v1beta2", () => {
  const stored = crds.map((crd) =>
    crd.spec.versions.filter((version) => version.storage).map((version) => version.name),
  );
  expect(stored).toEqual([["v1"], ["v1"], ["v1"], ["v1beta2"], ["v1beta2"], ["v1beta2"]]);
});
