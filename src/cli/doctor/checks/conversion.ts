import type { Finding } from "../finding.ts";
import type { Observed, WebhookSeen } from "../observed.ts";

/** As long before its end as our own webhook renews a certificate. */
const soonMs = 30 * 24 * 3600_000;

const restart = "restart the webhook's pods: it makes a new authority and writes it into the definition";

/** What is wrong with the webhooks that convert. */
export function checkConversion({ webhooks, now }: Observed): readonly Finding[] {
  return webhooks.flatMap((webhook) => checkOne(webhook, now));
}

function checkOne(webhook: WebhookSeen, now: Date): readonly Finding[] {
  const on = `CustomResourceDefinition ${webhook.definition}`;
  const error = (reason: string, what: string, mend: string): Finding => ({
    severity: "error",
    reason,
    on,
    what,
    mend,
  });
  const findings: Finding[] = [];
  if (webhook.unreachable !== undefined)
    findings.push(
      error(
        "WebhookUnreachable",
        webhook.unreachable,
        "see that its pods run and are ready, and that its service finds them",
      ),
    );
  if (webhook.failed !== undefined)
    findings.push(
      error(
        "ConversionFails",
        `the API server cannot convert: ${webhook.failed}`,
        "see the webhook's log; until then no other version than the stored one can be read",
      ),
    );
  return [...findings, ...checkBundle(webhook.bundleEnds, { now, error, on })];
}

/** One authority that lasts is enough: each replica has one of its own, and old ones are left in. */
function checkBundle(
  ends: readonly Date[] | undefined,
  around: {
    readonly now: Date;
    readonly on: string;
    readonly error: (reason: string, what: string, mend: string) => Finding;
  },
): readonly Finding[] {
  const { now, on, error } = around;
  if (ends === undefined)
    return [
      error(
        "BundleUnreadable",
        "its certificate bundle is no certificate, so the API server trusts no webhook",
        restart,
      ),
    ];
  if (ends.length === 0) return []; // certificates that the API server's machine trusts anyway
  const last = new Date(Math.max(...ends.map((end) => end.getTime())));
  if (last <= now) return [error("BundleExpired", `its certificate bundle ended on ${dayOf(last)}`, restart)];
  if (last.getTime() - soonMs > now.getTime()) return [];
  const what = `its certificate bundle ends on ${dayOf(last)}`;
  return [{ severity: "warning", reason: "BundleExpiresSoon", on, what, mend: restart }];
}

const dayOf = (date: Date) => date.toISOString().slice(0, 10);
