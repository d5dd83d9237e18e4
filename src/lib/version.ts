declare const GROUPSNAP_VERSION: string | undefined;

/** The version of this program; the build writes it in, a run from sources says "dev". */
export const version: string = typeof GROUPSNAP_VERSION === "string" ? GROUPSNAP_VERSION : "dev";
