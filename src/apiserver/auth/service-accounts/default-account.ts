import { assert } from "../../../lib/assert.ts";
import { collectionOf } from "../../registry.ts";
import { create } from "../../verbs/create.ts";
import { isTerminating } from "../../verbs/remove.ts";
import { type Api, internalWrite } from "../../verbs/verb.ts";

const namespacesId = collectionOf("", "namespaces");
const accountsId = collectionOf("", "serviceaccounts");
const name = "default";

/** Gives every namespace a service account `default`, and a new one when that is deleted. */
export function ensureDefaultAccounts(api: Api): void {
  for (const { key } of api.store.collection(namespacesId).list()) ensure(api, key.name);
  api.store.onCommit((changes) => {
    for (const { collection, type, stored } of changes) {
      if (collection === namespacesId && type !== "DELETED") ensure(api, stored.key.name);
      if (collection === accountsId && type === "DELETED") ensure(api, stored.key.namespace);
    }
  });
}

function ensure(api: Api, namespace: string): void {
  const stored = api.store.collection(namespacesId).get({ namespace: "", name: namespace });
  if (!stored || isTerminating(stored.object)) return;
  if (api.store.collection(accountsId).get({ namespace, name })) return;
  const served = api.registry.ofCollection(accountsId);
  assert(served, "service accounts are a built-in kind");
  create(api, { served, namespace }, { metadata: { name } }, internalWrite);
}
