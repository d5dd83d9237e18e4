import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packageOf } from "../../src/driver/filesystem/tools.ts";

const PATH = `${process.env.PATH}:/usr/sbin:/sbin`;

/** The image's root folder, as the Dockerfile lays it out, and what its Dockerfile says of it. */
let parent: string;
let folder: string;
beforeAll(() => {
  parent = mkdtempSync(join(tmpdir(), "gs-image-"));
  folder = join(parent, "root");
  execFileSync(process.execPath, ["deploy/image/rootfs.mjs", folder]);
}, 60_000);
afterAll(() => rmSync(parent, { recursive: true, force: true }));

const dockerfile = readFileSync("deploy/image/Dockerfile", "utf8");

test("holds Node, the driver's tools as far as they are installed here, and nothing else that could be run", () => {
  const found = Object.keys(packageOf).filter((tool) => spawnSync("which", [tool], { env: { PATH } }).status === 0);
  expect(readdirSync(join(folder, "bin")).toSorted()).toEqual(["node", ...found].toSorted());
  const everywhere = readdirSync(folder, { recursive: true, encoding: "utf8" });
  expect(everywhere.filter((path) => /(^|\/)(sh|bash|dash|busybox|npm|apt|apt-get)$/.test(path))).toEqual([]);
});

test("holds the libraries that its programs ask for", () => {
  for (const tool of readdirSync(join(folder, "bin"))) {
    const { stdout: asked } = spawnSync("ldd", [join(folder, "bin", tool)], { encoding: "utf8" });
    const libraries = [...asked.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path = ""]) => path);
    expect(libraries.length).toBeGreaterThan(0);
    expect(libraries.filter((path) => !existsSync(join(folder, path)))).toEqual([]);
  }
});

test("is built where every tool of the driver is installed", () => {
  const [, installed = ""] = /apt-get install -y --no-install-recommends (.+?) &&/.exec(dockerfile) ?? [];
  const inNode = ["coreutils"]; // Debian's image has it
  const needed = new Set(Object.values(packageOf).filter((name) => !inNode.includes(name)));
  expect(installed.split(" ").toSorted()).toEqual([...needed].toSorted());
});

test("is built from files that are there, and are not kept from the builder", () => {
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, files = ""]) => files.split(" "));
  const tracked = execFileSync("git", ["ls-files", "--", ...copied], { encoding: "utf8" }).split("\n");
  expect(copied.filter((file) => !tracked.some((path) => path === file || path.startsWith(`${file}/`)))).toEqual([]);
  const admitted = readFileSync("deploy/image/Dockerfile.dockerignore", "utf8").split("\n");
  expect(copied.filter((file) => !admitted.includes(`!${file}`))).toEqual([]);
});

test("runs as somebody who is not root, and says where it comes from", () => {
  expect(dockerfile).toMatch(/^USER 65532:65532$/m);
  expect(dockerfile).toMatch(/^ENTRYPOINT \["\/bin\/node", "\/app\/dist\/cli\/main.js"\]$/m);
  for (const label of ["title", "licenses", "version", "revision"])
    expect(dockerfile).toContain(`org.opencontainers.image.${label}=`);
});
