import { crds } from "../api/crds.ts";
import { groupConverters } from "../api/group-snapshot/converters.ts";
import { throwAwayApi } from "./cluster.ts";

/** A Kubernetes API that serves the snapshot kinds in all versions, and holds nothing of them yet. */
export interface LabApi {
  readonly kubeconfigPath: string;
  /** A folder that goes with it. */
  readonly dataDir: string;
  stop(): Promise<void>;
}

const embedded = (): Promise<LabApi> => throwAwayApi({ crds, converters: groupConverters });

let make = embedded;

/** The API of the next tests: an embedded one, unless they are played on another. */
export function labApi(): Promise<LabApi> {
  return make();
}

/** From now on tests are played on what `other` makes; without it, on embedded ones again. */
export function playOn(other: () => Promise<LabApi> = embedded): void {
  make = other;
}
