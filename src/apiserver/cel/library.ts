import { createRequire } from "node:module";

type Cel = typeof import("@bufbuild/cel");
type CelExt = typeof import("@bufbuild/cel/ext");
type Wkt = typeof import("@bufbuild/protobuf/wkt");

interface Library {
  readonly cel: Cel;
  readonly strings: CelExt["strings"];
  readonly wkt: Wkt;
}

let loaded: Library | undefined;

/**
 * The CEL library. Loaded with the first rule, since it takes longer to load than everything else of the server together,
 * and synchronously, since objects are admitted synchronously.
 */
export function library(): Library {
  if (loaded) return loaded;
  const require = createRequire(import.meta.url);
  const cel = require("@bufbuild/cel") as Cel; // the types are those of the same package
  const { strings } = require("@bufbuild/cel/ext") as CelExt;
  const wkt = require("@bufbuild/protobuf/wkt") as Wkt;
  loaded = { cel, strings, wkt };
  return loaded;
}

/** Loads the library ahead of time, off the first request. */
export async function loadLibrary(): Promise<void> {
  if (loaded) return;
  const [cel, { strings }, wkt] = await Promise.all([
    import("@bufbuild/cel"),
    import("@bufbuild/cel/ext"),
    import("@bufbuild/protobuf/wkt"),
  ]);
  loaded ??= { cel, strings, wkt };
}
