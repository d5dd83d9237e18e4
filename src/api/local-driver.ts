/** The name of our own storage driver, as classes and volumes give it. */
export const localDriverName = "local.csi.groupsnap.dev";
/** The name of every class that `groupsnap start` installs for it. */
export const localClassName = "groupsnap";
/** On a claim: where its volume appears on this machine. Written by the node that published it. */
export const publishedPathAnnotation = "groupsnap.dev/published-path";
