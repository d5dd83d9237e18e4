import type { KubeObject } from "../../kube/object.ts";
import type { Obstacle } from "./obstacle.ts";

/** What VolumeSnapshotClass and VolumeGroupSnapshotClass have in common. */
interface AnyClass extends KubeObject {
  readonly driver: string;
}

export interface ClassChoice<C extends AnyClass> {
  /** The class that the request names; undefined asks for the default one. */
  readonly named: string | undefined;
  readonly classes: readonly C[];
  /** The driver of the volumes: defaults are per driver. */
  readonly driver: string;
  /** The annotation that makes a class a default. */
  readonly defaultAnnotation: string;
  /** "group snapshot class" or "snapshot class". */
  readonly noun: string;
  /** Where the request names its class: "spec.volumeSnapshotClassName". */
  readonly field: string;
  /** The event's reasons where no class of that name, and where no single default class is there. */
  readonly reasons: { readonly classMissing: string; readonly defaultClass: string };
}

/** The class that a request gets: the one it names, or the only default class of its driver. */
export function chooseClass<C extends AnyClass>(choice: ClassChoice<C>): C | Obstacle {
  return choice.named === undefined ? defaultClass(choice) : namedClass(choice, choice.named);
}

export function isObstacle(value: object): value is Obstacle {
  return "reason" in value && "message" in value;
}

function namedClass<C extends AnyClass>(
  { classes, noun, field, reasons, driver }: ClassChoice<C>,
  name: string,
): C | Obstacle {
  const found = classes.find((candidate) => candidate.metadata.name === name);
  if (!found)
    return {
      reason: reasons.classMissing,
      message: `${field}: there is no ${noun} "${name}": create it, or name another one`,
    };
  if (found.driver === driver) return found;
  return {
    reason: reasons.classMissing,
    message: `${field}: ${noun} "${name}" is for the driver ${found.driver}, but the volumes are of ${driver}: name a class of that driver`,
  };
}

/** The sentences hold what Kubernetes' own storage suite looks for. */
function defaultClass<C extends AnyClass>({ classes, noun, field, driver, ...choice }: ClassChoice<C>): C | Obstacle {
  const defaults = classes.filter(
    (candidate) => candidate.driver === driver && candidate.metadata.annotations?.[choice.defaultAnnotation] === "true",
  );
  const [only, ...others] = defaults;
  if (only && others.length === 0) return only;
  const message = only
    ? `${defaults.length} default snapshot classes were found for ${driver} (${namesOf(defaults)}): name one in ${field}, or leave ${choice.defaultAnnotation} on one of them only`
    : `${field} is not set: cannot find default ${noun} for ${driver}: name a class there, or annotate one with ${choice.defaultAnnotation}=true`;
  return { reason: choice.reasons.defaultClass, message };
}

function namesOf(objects: readonly KubeObject[]): string {
  return objects
    .map((object) => object.metadata.name)
    .sort()
    .join(", ");
}
