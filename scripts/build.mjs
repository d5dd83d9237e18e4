// Bundles src/cli/main.ts to dist/cli/main.js. With --if-stale only when a source is newer than the last build.
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
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
const fresh = `dist.${process.pid}`;
mkdirSync(fresh, { recursive: true });
await build({
  entryPoints: { "cli/main": "src/cli/main.ts" },
  outdir: fresh,
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
chmodSync(`${fresh}/cli/main.js`, 0o755);
rmSync("dist", { recursive: true, force: true });
renameSync(fresh, "dist");
