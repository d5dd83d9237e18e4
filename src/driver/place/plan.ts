import { Failure } from "../../lib/failure.ts";

/** The engine that serves volumes at sockets; with the others they are mounted. */
export const socketEngine = "userland";

/** What decides where a data folder has its pool. */
export interface PlaceSeen {
  readonly dataDir: string;
  /** An engine's name, or "auto". */
  readonly wish: string;
  /** The engine that its pool was made with; undefined for a folder without a pool. */
  readonly madeWith: string | undefined;
  /** There is an image for its pool. */
  readonly hasImage: boolean;
  /** A driver's databases lie beside an image, whether or not that is still there. */
  readonly hadImage: boolean;
  readonly isRoot: boolean;
}

export type PlacePlan =
  /** At sockets, from a plain folder. */
  | { readonly do: "serve" }
  /** As it was made, with this engine. */
  | { readonly do: "mount"; readonly engine: string }
  /** Try which of the engines that mount volumes works, and with which pool; `engine` may be "auto". */
  | { readonly do: "find"; readonly engine: string };

/**
 * A folder stays what it was made as: what lies in its volumes was written through a socket, or through a filesystem that
 * is to be mounted, and taking one for the other would hide it, or format over it.
 *
 * @throws Failure "precondition" that says what is needed
 */
export function planPlace(seen: PlaceSeen): PlacePlan {
  const { dataDir, wish, madeWith, hasImage, hadImage, isRoot } = seen;
  const isMounted = hasImage || (madeWith !== undefined && madeWith !== socketEngine);
  if (hadImage && !hasImage)
    throw refusal(
      `the image with the volumes of ${dataDir}, pool.img, is gone: restore it, or choose another folder with --data-dir`,
    );
  const other = "start it without --engine, or choose another folder with --data-dir";
  if (isMounted && wish === socketEngine)
    throw refusal(
      `the volumes of ${dataDir} are mounted folders and block devices, and userland serves sockets: ${other}`,
    );
  if (isMounted && !isRoot)
    throw refusal(
      `the volumes of ${dataDir} are mounted folders and block devices, which needs root: start it as root, or choose ` +
        "another folder with --data-dir",
    );
  if (isMounted && madeWith !== undefined) return { do: "mount", engine: wish === "auto" ? madeWith : wish };
  if (madeWith === socketEngine && wish !== "auto" && wish !== socketEngine)
    throw refusal(`the volumes of ${dataDir} are sockets (engine userland), and ${wish} mounts them: ${other}`);
  if (madeWith === socketEngine || wish === socketEngine) return { do: "serve" };
  if (isRoot) return { do: "find", engine: wish };
  if (wish === "auto") return { do: "serve" };
  throw refusal(`the engine ${wish} needs root: start it as root, or without --engine`);
}

const refusal = (why: string) => new Failure("precondition", why);
