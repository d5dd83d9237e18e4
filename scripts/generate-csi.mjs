// Regenerates src/csi/gen from src/csi/proto, offline. JavaScript with declarations, because the TypeScript target writes
// enums, which cannot be erased.
import { execFileSync } from "node:child_process";

const template = {
  version: "v2",
  plugins: [
    { local: "node_modules/.bin/protoc-gen-es", out: "src/csi/gen", opt: ["target=js+dts", "import_extension=js"] },
  ],
};
const argv = ["generate", "src/csi/proto", "--template", JSON.stringify(template)];
execFileSync("node_modules/.bin/buf", argv, { stdio: "inherit" });
