import type { Json, JsonObject } from "../../lib/json.ts";
import type { User } from "../auth/authenticate.ts";
import { userInfo } from "../auth/reviews/question.ts";
import type { Kind } from "../kinds/kind.ts";
import { textAt } from "../kinds/read.ts";
import type { ReviewedWrite } from "../verbs/verb.ts";
import { operationOf } from "./match.ts";

export interface Asking {
  readonly user: User;
  readonly dryRun: boolean;
}

/** A write as webhooks and conditions see it, in the version of `kind`. */
export function admissionRequest(
  write: ReviewedWrite,
  kind: Kind,
  { user, dryRun, uid }: Asking & { uid: string },
): JsonObject {
  const own = write.target.served.kind;
  const seen = (object: JsonObject | undefined): Json =>
    object === undefined ? null : kind === own ? object : own.convert(object, kind.version);
  const operation = operationOf(write);
  const subResource = write.subresource === undefined ? {} : { subResource: write.subresource };
  const requestSubResource = write.subresource === undefined ? {} : { requestSubResource: write.subresource };
  return {
    uid,
    kind: kindOf(kind),
    resource: resourceOf(kind),
    ...subResource,
    requestKind: kindOf(own),
    requestResource: resourceOf(own),
    ...requestSubResource,
    name: textAt(write.object ?? write.old ?? {}, "metadata", "name"),
    ...(write.target.namespace !== undefined && { namespace: write.target.namespace }),
    operation,
    userInfo: userInfo(user),
    object: seen(write.object),
    oldObject: seen(write.old),
    dryRun,
    options: { kind: optionKinds[operation], apiVersion: "meta.k8s.io/v1", ...(dryRun && { dryRun: ["All"] }) },
  };
}

const optionKinds = { CREATE: "CreateOptions", UPDATE: "UpdateOptions", DELETE: "DeleteOptions" } as const;
const kindOf = ({ group, version, kind }: Kind) => ({ group, version, kind });
const resourceOf = ({ group, version, plural }: Kind) => ({ group, version, resource: plural });
