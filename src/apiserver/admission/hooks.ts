import type { LabelSelector } from "../../kube/object.ts";
import type { JsonObject } from "../../lib/json.ts";
import { at, objectAt, objectsAt, textAt, textsAt } from "../kinds/read.ts";
import { collectionOf } from "../registry.ts";
import type { Store } from "../store/store.ts";
import type { Stored } from "../store/stored.ts";

export const configurationGroup = "admissionregistration.k8s.io";
const mutatingId = collectionOf(configurationGroup, "mutatingwebhookconfigurations");
const validatingId = collectionOf(configurationGroup, "validatingwebhookconfigurations");

export interface Rule {
  readonly apiGroups: readonly string[];
  readonly apiVersions: readonly string[];
  readonly resources: readonly string[];
  readonly operations: readonly string[];
  readonly scope: string;
}

/** One webhook of one configuration. */
export interface Hook {
  readonly name: string;
  readonly client: HookClient;
  readonly rules: readonly Rule[];
  readonly ignoresFailure: boolean;
  /** Other versions of the same resource count too, and are converted. */
  readonly matchesEquivalent: boolean;
  readonly namespaceSelector: LabelSelector;
  readonly objectSelector: LabelSelector;
  readonly conditions: readonly Condition[];
  readonly timeoutMs: number;
  /** The first version of reviews that it understands and we speak. */
  readonly reviewVersion: string;
  /** Asked again when later ones changed the object. */
  readonly isReinvoked: boolean;
}

export interface Condition {
  readonly name: string;
  readonly expression: string;
}

export interface HookClient {
  readonly url: string;
  /** Set for a service: nothing in this server leads to one. */
  readonly service?: string;
  readonly caPem: string | undefined;
}

export interface Hooks {
  readonly mutating: readonly Hook[];
  readonly validating: readonly Hook[];
}

/** All webhooks, as the committed configurations have them: by the names of configurations, then in their order. */
export function openHooks(store: Store): () => Hooks {
  let known: Hooks | undefined;
  store.onCommit((changes) => {
    if (changes.some(({ collection }) => collection === mutatingId || collection === validatingId)) known = undefined;
  });
  const hooksIn = (id: string) => store.collection(id).list().flatMap(hooksOf);
  return () => (known ??= { mutating: hooksIn(mutatingId), validating: hooksIn(validatingId) });
}

const hooksOf = ({ object }: Stored): readonly Hook[] => objectsAt(object, "webhooks").map(hookOf);

function hookOf(webhook: JsonObject): Hook {
  return {
    name: textAt(webhook, "name"),
    client: clientOf(webhook),
    rules: objectsAt(webhook, "rules").map(ruleOf),
    ignoresFailure: textAt(webhook, "failurePolicy") === "Ignore",
    matchesEquivalent: textAt(webhook, "matchPolicy") !== "Exact",
    namespaceSelector: objectAt(webhook, "namespaceSelector"),
    objectSelector: objectAt(webhook, "objectSelector"),
    conditions: objectsAt(webhook, "matchConditions").map((condition) => ({
      name: textAt(condition, "name"),
      expression: textAt(condition, "expression"),
    })),
    timeoutMs: secondsOf(webhook) * 1000,
    reviewVersion: textsAt(webhook, "admissionReviewVersions").find((one) => spoken.has(one)) ?? "v1",
    isReinvoked: textAt(webhook, "reinvocationPolicy") === "IfNeeded",
  };
}

const spoken = new Set(["v1", "v1beta1"]);
const secondsOf = (webhook: JsonObject) => Number(at(webhook, "timeoutSeconds") ?? 10); // as the schema has it

const ruleOf = (rule: JsonObject): Rule => ({
  apiGroups: textsAt(rule, "apiGroups"),
  apiVersions: textsAt(rule, "apiVersions"),
  resources: textsAt(rule, "resources"),
  operations: textsAt(rule, "operations"),
  scope: textAt(rule, "scope") || "*",
});

function clientOf(webhook: JsonObject): HookClient {
  const config = objectAt(webhook, "clientConfig");
  const bundle = textAt(config, "caBundle");
  const query = `timeout=${secondsOf(webhook)}s`;
  const caPem = bundle === "" ? undefined : Buffer.from(bundle, "base64").toString("utf8");
  const asked = textAt(config, "url");
  if (asked !== "") return { url: `${asked}${asked.includes("?") ? "&" : "?"}${query}`, caPem };
  const service = objectAt(config, "service");
  const name = textAt(service, "name");
  const host = `${name}.${textAt(service, "namespace")}.svc:${String(service.port ?? 443)}`;
  return { url: `https://${host}${textAt(service, "path")}?${query}`, service: name, caPem };
}
