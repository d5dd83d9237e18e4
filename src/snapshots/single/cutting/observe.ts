import { deletionSecretName, deletionSecretNamespace } from "../../../api/annotations.ts";
import {
  type ClassParameters,
  isProblem,
  type Problem,
  parseClassParameters,
  type SecretAt,
  secretOf,
} from "../../../api/class-parameters.ts";
import type { SnapshotClass, SnapshotContent } from "../../../api/snapshot/types.ts";
import type { Cache } from "../../../kube/cache/cache.ts";
import type { ObserveContext } from "../../../kube/controller/controller.ts";
import { secrets, valuesOf } from "../../../kube/core/secret.ts";
import { isMemberContent } from "../../pairing/member.ts";
import { type Work, workOf } from "./work.ts";

/** How a driver can be asked whether a snapshot is ready, best first. */
export type Asking = "get" | "list" | "create" | "none";

export interface CuttingSeen {
  readonly content: SnapshotContent;
  readonly work: Work;
  readonly isMember: boolean;
  /** Undefined where the content names no class, or one that is gone. */
  readonly snapshotClass: SnapshotClass | undefined;
  readonly parameters: ClassParameters | Problem;
  readonly secret: SecretSeen | Problem;
  readonly asking: Asking;
  readonly canCreate: boolean;
  readonly now: Date;
}

/** The secret that the call carries. */
export interface SecretSeen {
  readonly values: Readonly<Record<string, string>>;
  /** Changes when the secret does; undefined where none is named. */
  readonly version: string | undefined;
}

export interface Knowledge {
  readonly classes: Cache<SnapshotClass>;
  /** The driver's name and its controller capabilities. */
  readonly capabilities: { readonly driver: string; readonly controller: ReadonlySet<string> };
}

export async function observe(
  content: SnapshotContent,
  { classes, capabilities }: Knowledge,
  context: ObserveContext,
): Promise<CuttingSeen> {
  const className = content.spec.volumeSnapshotClassName;
  const snapshotClass = className === undefined ? undefined : classes.get(className);
  const parameters = parseClassParameters(snapshotClass?.parameters);
  const foreign = content.spec.driver !== capabilities.driver;
  const work: Work = foreign ? { kind: "none", why: "AnotherDriver" } : workOf(content);
  const asking = askingOf(work, capabilities.controller);
  return {
    content,
    work,
    isMember: isMemberContent(content),
    snapshotClass,
    parameters,
    secret: await secretFor({ content, work, asking, parameters }, context),
    asking,
    canCreate: capabilities.controller.has("CREATE_DELETE_SNAPSHOT"),
    now: context.now,
  };
}

export function askingOf(work: Work, can: ReadonlySet<string>): Asking {
  if (can.has("GET_SNAPSHOT")) return "get";
  if (can.has("LIST_SNAPSHOTS")) return "list";
  return work.kind === "check" && work.volume !== undefined && can.has("CREATE_DELETE_SNAPSHOT") ? "create" : "none";
}

type SecretNeed = Pick<CuttingSeen, "content" | "work" | "asking" | "parameters">;

const noSecret: SecretSeen = { values: {}, version: undefined };

/** Read live, and only where a call is about to carry it. */
export async function secretFor(
  need: SecretNeed,
  { client, signal }: Pick<ObserveContext, "client" | "signal">,
): Promise<SecretSeen | Problem> {
  if (!["cut", "check", "delete"].includes(need.work.kind)) return noSecret;
  const at = secretAt(need);
  if (!at) return noSecret;
  if (isProblem(at)) return at;
  const secret = await client.find(secrets, at, { signal });
  if (secret) return { values: valuesOf(secret), version: secret.metadata.resourceVersion };
  return { problem: `there is no Secret ${at.namespace}/${at.name}, which the driver's call needs: create it` };
}

function secretAt({ content, work, asking, parameters }: SecretNeed): SecretAt | Problem | undefined {
  const listing = isProblem(parameters) ? undefined : parameters.secrets.snapshotterList;
  if (work.kind === "check" && asking !== "create" && listing) {
    const { namespace = "", name = "" } = content.spec.volumeSnapshotRef;
    return secretOf(listing, {
      kind: "volumesnapshot",
      contentName: content.metadata.name,
      snapshot: { namespace, name },
    });
  }
  const name = content.metadata.annotations?.[deletionSecretName];
  const namespace = content.metadata.annotations?.[deletionSecretNamespace];
  return name && namespace ? { name, namespace } : undefined;
}
