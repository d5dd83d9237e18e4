import type { Crd } from "./crd.ts";
import { groupSnapshotCrds } from "./group-snapshot/crds.ts";
import { snapshotCrds } from "./snapshot/crds.ts";

/** Every CustomResourceDefinition that a cluster needs. `npm run generate` writes them to deploy/crds. */
export const crds: readonly Crd[] = [...snapshotCrds, ...groupSnapshotCrds];
