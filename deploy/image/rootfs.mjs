// Lays out the root folder of the image: Node, the libraries that it and our native parts are linked with, the built
// program, and nothing else; no shell, no package manager.
//
//   node deploy/image/rootfs.mjs FOLDER
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

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

const native = readdirSync(join(root, "app"), { recursive: true }).filter(isOurs).map((path) => join(root, "app", path));
for (const library of new Set([process.execPath, ...native].flatMap(librariesOf))) {
  mkdirSync(join(root, dirname(library)), { recursive: true });
  copy(realpathSync(library), library);
}
mkdirSync(join(root, "etc"), { recursive: true });
writeFileSync(join(root, "etc/passwd"), "root:x:0:0:root:/:\nnonroot:x:65532:65532:nonroot:/:\n");
writeFileSync(join(root, "etc/group"), "root:x:0:\nnonroot:x:65532:\n");
mkdirSync(join(root, "tmp"));
chmodSync(join(root, "tmp"), 0o1777);

/** Native parts for this machine's kind of processor and library; others lie beside them and are never loaded. */
function isOurs(path) {
  return path.endsWith(".node") && path.includes(`linux-${process.arch}`) && !path.includes("musl");
}
