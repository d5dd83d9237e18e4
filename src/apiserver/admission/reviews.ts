import { collectionOf } from "../registry.ts";
import type { Api, Review } from "../verbs/verb.ts";
import { openHooks } from "./hooks.ts";
import type { Around } from "./match.ts";
import type { Asking } from "./request.ts";
import { WebhookReview } from "./webhook-review.ts";

/** The review of one request by everybody who has a say, and what they want the client to be told. */
export interface RequestReview extends Review {
  readonly warnings: readonly string[];
}

const namespacesId = collectionOf("", "namespaces");

/**
 * Makes the review of each request: the server's own first, then that of webhooks.
 *
 * @param own looks at the writes of one request without asking anybody
 */
export function openReviews(api: Api, own: (asking: Asking) => Review): (asking: Asking) => RequestReview {
  const hooksNow = openHooks(api.store);
  const around: Around = {
    versionsOf: (kind) =>
      api.registry
        .kinds()
        .filter(
          ({ group, plural, version }) => group === kind.group && plural === kind.plural && version !== kind.version,
        ),
    namespaceLabels: (name) => api.store.collection(namespacesId).get({ namespace: "", name })?.metadata.labels,
  };
  return (asking) => {
    const first = own(asking);
    const hooks = hooksNow();
    if (hooks.mutating.length + hooks.validating.length === 0) return { ...first, warnings: [] };
    const webhooks = new WebhookReview({ ...asking, api, around, hooks });
    return {
      changed: (write) => webhooks.changed(write),
      check: (write) => {
        first.check(write);
        webhooks.check(write);
      },
      warnings: webhooks.warnings,
    };
  };
}
