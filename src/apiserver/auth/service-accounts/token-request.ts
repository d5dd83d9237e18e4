import type { JsonObject } from "../../../lib/json.ts";
import type { FieldError } from "../../kinds/kind.ts";
import { at, objectAt, textAt, textsAt } from "../../kinds/read.ts";
import { collectionOf } from "../../registry.ts";
import { invalid as invalidField } from "../../schema/messages.ts";
import { badRequest, conflict, invalid, notFound } from "../../status.ts";
import type { Store } from "../../store/store.ts";
import type { Stored } from "../../store/stored.ts";
import { timestamp } from "../../verbs/verb.ts";
import type { Answerer } from "../reviews/question.ts";
import { type Bound, boundKinds, issuer, type ServiceAccountTokens } from "./tokens.ts";

/** Kubernetes' own bounds. */
const lifeSeconds = { usual: 3600, least: 600, most: 2 ** 32 };

/** Issues a token for the service account under whose name it was asked for. @throws Failure "notFound", "invalid" */
export const tokenFor =
  (store: Store, tokens: ServiceAccountTokens): Answerer =>
  ({ object, namespace, name }) => {
    const account = getObject(store, "serviceaccounts", { namespace, name });
    const { uid, creationTimestamp } = account.metadata;
    const wantedUid = textAt(object, "metadata", "uid");
    if (wantedUid !== "" && wantedUid !== uid)
      throw conflict(
        kindOf("serviceaccounts"),
        name,
        `the UID in the token request (${wantedUid}) does not match the UID of the service account (${uid})`,
      );
    const spec = objectAt(object, "spec");
    const seconds = Number(spec.expirationSeconds ?? lifeSeconds.usual);
    checkLife(seconds);
    const audiences = textsAt(spec, "audiences");
    const bound = boundIn(store, spec, namespace);
    const draft = {
      account: { namespace, name, uid },
      audiences: audiences.length > 0 ? audiences : [issuer],
      lifeSeconds: seconds,
      ...(bound && { bound }),
    };
    const { token, expiresAt } = tokens.issue(draft);
    return {
      ...object,
      metadata: { name, namespace, uid, creationTimestamp },
      spec: { audiences: draft.audiences, expirationSeconds: seconds, boundObjectRef: spec.boundObjectRef ?? null },
      status: { token, expirationTimestamp: timestamp(expiresAt) },
    };
  };

function checkLife(seconds: number): void {
  const { least, most } = lifeSeconds;
  const errors: FieldError[] = [];
  const field = "spec.expirationSeconds";
  if (seconds < least) errors.push(invalidField(field, seconds, "may not specify a duration less than 10 minutes"));
  if (seconds > most) errors.push(invalidField(field, seconds, "may not specify a duration larger than 2^32 seconds"));
  if (errors.length > 0)
    throw invalid({ group: "authentication.k8s.io", plural: "", kind: "TokenRequest" }, "", errors);
}

function boundIn(store: Store, spec: JsonObject, namespace: string): Bound | undefined {
  const reference = at(spec, "boundObjectRef");
  if (reference === undefined || reference === null) return undefined;
  const [kind, name, uid] = ["kind", "name", "uid"].map((field) => textAt(spec, "boundObjectRef", field));
  const apiVersion = textAt(spec, "boundObjectRef", "apiVersion");
  if ((kind !== "Pod" && kind !== "Secret" && kind !== "Node") || apiVersion !== "v1" || !name) {
    const [version, group = ""] = apiVersion.split("/").reverse();
    throw badRequest(`cannot bind token to object of type ${group}/${version ?? ""}, Kind=${kind ?? ""}`);
  }
  const { plural, namespaced } = boundKinds[kind];
  const found = getObject(store, plural, { namespace: namespaced ? namespace : "", name });
  if (uid && uid !== found.metadata.uid)
    throw conflict(
      kindOf(plural),
      name,
      `the UID in the bound object reference (${uid}) does not match the UID in record (${found.metadata.uid})`,
    );
  return { kind, name, uid: found.metadata.uid };
}

const kindOf = (plural: string) => ({ group: "", plural, kind: "" });

function getObject(store: Store, plural: string, key: { readonly namespace: string; readonly name: string }): Stored {
  const stored = store.collection(collectionOf("", plural)).get(key);
  if (!stored) throw notFound(kindOf(plural), key.name);
  return stored;
}
