// Bundles src/cli/main.ts to dist/cli/main.js. With --if-stale only when a source is newer than the last build.
import { chmodSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const out = "dist/cli/main.js";

function newest(folder) {
  let latest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    latest = Math.max(latest, entry.isDirectory() ? newest(path) : statSync(path).mtimeMs);
  }
  return latest;
}

const sources = () => Math.max(newest("src"), statSync("package-lock.json").mtimeMs);
if (process.argv.includes("--if-stale") && existsSync(out) && statSync(out).mtimeMs >= sources()) process.exit(0);

const { version } = JSON.parse(readFileSync("package.json", "utf8"));

// In a folder of its own, so that nobody finds half a build, also when two build at once.
const fresh = `dist.${process.pid}`;
for (const name of readdirSync(".").filter(isLeftOver)) rmSync(name, { recursive: true, force: true });
try {
  await bundleTo(fresh);
  putInPlace(fresh);
} finally {
  rmSync(fresh, { recursive: true, force: true });
}

/** Whether it is the folder of a build that was killed. */
function isLeftOver(name) {
  const [, pid] = /^dist\.(\d+)(?:\.old)?$/.exec(name) ?? [];
  if (pid === undefined) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH";
  }
}

async function bundleTo(folder) {
  await build({
    entryPoints: { "cli/main": "src/cli/main.ts" },
    outdir: folder,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    mainFields: ["module", "main"], // the ES modules of our dependencies, which can be split and imported by name
    sourcemap: true,
    logLevel: "warning",
    external: ["@photostructure/sqlite", "koffi", "node:sqlite"],
    define: { GROUPSNAP_VERSION: JSON.stringify(version) },
    chunkNames: "chunks/[name]-[hash]",
    // CommonJS packages inside the bundle call require for Node's own modules.
    banner: {
      js: 'import { createRequire as createRequireHere } from "node:module"; const require = createRequireHere(import.meta.url);',
    },
  });
  chmodSync(`${folder}/cli/main.js`, 0o755);
}

/** A folder that is not empty cannot be replaced in one go; whoever comes in between is replaced too. */
function putInPlace(folder) {
  const old = `${folder}.old`;
  for (let isInPlace = false; !isInPlace; ) {
    moved("dist", old, { unless: ["ENOENT"] });
    isInPlace = moved(folder, "dist", { unless: ["ENOTEMPTY", "EEXIST"] });
    rmSync(old, { recursive: true, force: true });
  }
}

/** @returns false if that is not possible for one of these reasons */
function moved(from, to, { unless }) {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (!unless.includes(error.code)) throw error;
    return false;
  }
}
