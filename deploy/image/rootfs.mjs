// Lays out the root folder of the image: Node, the built program, the tools by which the driver handles disks, the
// libraries that all of these are linked with, and nothing else; no shell, no package manager.
//
//   node deploy/image/rootfs.mjs FOLDER
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { register } from "tsx/esm/api";

register();
const { packageOf } = await import("../../src/driver/filesystem/tools.ts");

const [root] = process.argv.slice(2);
if (!root || (existsSync(root) && readdirSync(root).length > 0)) {
  console.error("usage: node deploy/image/rootfs.mjs FOLDER, which does not exist or is empty");
  process.exit(2);
}
const repository = fileURLToPath(new URL("../..", import.meta.url));
const copy = (from, to) => cpSync(from, join(root, to), { recursive: true, dereference: true });

/** The libraries of a program, by the names under which it asks for them. */
function librariesOf(program) {
  const text = execFileSync("ldd", [program], { encoding: "utf8" });
  return [...text.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path]) => path);
}

/** A package and what it is made of, as far as it is installed: what is optional may be missing. */
function packagesFrom(names, found = new Set()) {
  for (const name of names) {
    const manifest = join(repository, "node_modules", name, "package.json");
    if (found.has(name) || !existsSync(manifest)) continue;
    found.add(name);
    const { dependencies = {}, optionalDependencies = {} } = JSON.parse(readFileSync(manifest, "utf8"));
    packagesFrom([...Object.keys(dependencies), ...Object.keys(optionalDependencies)], found);
  }
  return found;
}

if (!existsSync(join(repository, "dist/cli/main.js"))) throw new Error("build the program first: npm run build");
mkdirSync(join(root, "bin"), { recursive: true });
copy(realpathSync(process.execPath), "bin/node");
copy(join(repository, "dist"), "app/dist");
for (const file of ["package.json", "LICENSE", "deploy/crds"]) copy(join(repository, file), join("app", file));
const { optionalDependencies } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8"));
for (const name of packagesFrom(Object.keys(optionalDependencies)))
  copy(join(repository, "node_modules", name), join("app/node_modules", name));

const tools = Object.keys(packageOf).filter(isInstalled);
for (const tool of tools) copy(whereIs(tool), join("bin", tool));
const missing = Object.keys(packageOf).filter((tool) => !tools.includes(tool));
if (missing.length > 0) 
  console.error(`without ${missing.join(", ")}, which are not installed here: the driver will have its userland engine only`);

const native = readdirSync(join(root, "app"), { recursive: true }).filter(isOurs).map((path) => join(root, "app", path));
for (const library of new Set([process.execPath, ...tools.map(whereIs), ...native].flatMap(librariesOf))) {
  mkdirSync(join(root, dirname(library)), { recursive: true });
  copy(realpathSync(library), library);
}
mkdirSync(join(root, "etc"), { recursive: true });
if (existsSync("/etc/mke2fs.conf")) copy("/etc/mke2fs.conf", "etc/mke2fs.conf");
writeFileSync(join(root, "etc/passwd"), "root:x:0:0:root:/:\nnonroot:x:65532:65532:nonroot:/:\n");
writeFileSync(join(root, "etc/group"), "root:x:0:\nnonroot:x:65532:\n");
mkdirSync(join(root, "tmp"));
chmodSync(join(root, "tmp"), 0o1777);

/** The program behind a tool's name, as a shell would find it. */
function whereIs(tool) {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  return folders.map((folder) => join(folder, tool)).find((path) => existsSync(path));
}

function isInstalled(tool) {
  return whereIs(tool) !== undefined;
}

/** Native parts for this machine's kind of processor and library; others lie beside them and are never loaded. */
function isOurs(path) {
  return path.endsWith(".node") && path.includes(`linux-${process.arch}`) && !path.includes("musl");
}
