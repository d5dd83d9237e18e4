import type { JsonObject } from "../../lib/json.ts";
import type { Kind } from "../kinds/kind.ts";
import { textAt } from "../kinds/read.ts";
import { applyJsonPatch } from "../patch/json.ts";
import { deniedByWebhook, forbidden, internalError } from "../status.ts";
import { metadataOf, withMetadata } from "../store/stored.ts";
import type { Api, Review, ReviewedWrite } from "../verbs/verb.ts";
import { askHook, type HookAnswer } from "./ask.ts";
import { meetsConditions } from "./conditions.ts";
import { configurationGroup, type Hook, type Hooks } from "./hooks.ts";
import { type Around, matchedKind } from "./match.ts";
import { type Asking, admissionRequest } from "./request.ts";
import { Unanswered } from "./unanswered.ts";

export interface WebhookReviewInit extends Asking {
  readonly api: Api;
  readonly around: Around;
  readonly hooks: Hooks;
}

type Write = ReviewedWrite & { readonly object: JsonObject };

/** Asks the webhooks that a write concerns; see README.md for how. Made for one request. */
export class WebhookReview implements Review {
  readonly warnings: string[] = [];
  readonly #init: WebhookReviewInit;
  /** By the version that was to be changed: what the mutating webhooks made of it. */
  readonly #changed = new Map<string, JsonObject>();
  readonly #checked = new Set<string>();

  constructor(init: WebhookReviewInit) {
    this.#init = init;
  }

  changed(write: Write): JsonObject {
    if (isExempt(write)) return write.object;
    const key = keyOf(write);
    const known = this.#changed.get(key);
    if (known) return known;
    const { mutating, validating } = this.#init.hooks;
    if (!this.#concerns(mutating, write)) {
      if (this.#concerns(validating, write)) this.#changed.set(key, write.object); // what they see is what will be stored
      return write.object;
    }
    throw new Unanswered(async () => {
      this.#changed.set(key, await this.#mutated(write));
    });
  }

  check(write: ReviewedWrite): void {
    const { validating } = this.#init.hooks;
    const key = keyOf(write);
    if (isExempt(write) || this.#checked.has(key) || !this.#concerns(validating, write)) return;
    throw new Unanswered(async () => {
      await Promise.all(validating.map((hook) => this.#ask(hook, write)));
      this.#checked.add(key);
    });
  }

  /** Labels may still change, so selectors are looked at when it comes to asking. */
  #concerns(hooks: readonly Hook[], write: ReviewedWrite): boolean {
    return hooks.some((hook) => matchedKind({ ...hook, objectSelector: {} }, write, this.#init.around) !== undefined);
  }

  async #mutated(write: Write): Promise<JsonObject> {
    const { mutating } = this.#init.hooks;
    const { served } = write.target;
    const { old, subresource, object: given } = write;
    const asked = { ...(old && { old }), ...(subresource === "status" && { subresource }) };
    const now = this.#init.api.clock.now();
    const defaulted = served.kind.admit(given, { verb: old ? "update" : "create", ...asked, now }).object;
    let object = defaulted;
    const seen = new Map<Hook, JsonObject>();
    for (const round of [mutating, mutating.filter(({ isReinvoked }) => isReinvoked)])
      for (const hook of round) {
        if (seen.get(hook) === object) continue; // nobody changed it since
        object = await this.#mutatedBy(hook, { ...write, object });
        seen.set(hook, object);
      }
    return object === defaulted ? write.object : object;
  }

  async #mutatedBy(hook: Hook, write: Write): Promise<JsonObject> {
    const kind = matchedKind(hook, write, this.#init.around);
    const answer = await this.#ask(hook, write);
    if (!kind || answer?.patch === undefined) return write.object;
    const own = write.target.served.kind;
    const shown = kind === own ? write.object : own.convert(write.object, kind.version);
    const patched = patchedBy(hook, shown, answer);
    return pinned(write.object, kind === own ? patched : kind.convert(patched, own.version));
  }

  /** Undefined if the hook was not asked, or failed and may. @throws Failure if it refuses, or failed and may not */
  async #ask(hook: Hook, write: ReviewedWrite): Promise<HookAnswer | undefined> {
    const kind = matchedKind(hook, write, this.#init.around);
    if (!kind) return undefined;
    const { api } = this.#init;
    const asked = admissionRequest(write, kind, { ...this.#init, uid: api.random.uuid() });
    if (!isWanted(hook, asked, kind)) return undefined;
    const answer = await askHook(hook, asked, api.clock).catch((error: Error) => {
      if (hook.ignoresFailure) return undefined;
      throw internalError(error.message);
    });
    this.warnings.push(...(answer?.warnings ?? []));
    if (answer && !answer.allowed) throw deniedByWebhook(hook.name, answer.status);
    return answer;
  }
}

/** @throws Failure "forbidden" if the conditions cannot be told, and the hook may not be passed by */
function isWanted(hook: Hook, asked: JsonObject, kind: Kind): boolean {
  const meets = meetsConditions(hook.conditions, asked);
  if (typeof meets === "boolean") return meets;
  if (hook.ignoresFailure) return false;
  throw forbidden(kind, textAt(asked, "name"), meets);
}

const isExempt = ({ target }: ReviewedWrite) => target.served.kind.group === configurationGroup;

/** An answer counts for this version of this object. */
function keyOf({ object, old }: ReviewedWrite): string {
  const { uid, resourceVersion } = old ? metadataOf(old) : { uid: "", resourceVersion: "" };
  return `${object ? "write" : "delete"} ${uid} ${resourceVersion}`;
}

function patchedBy(hook: Hook, object: JsonObject, { patch }: HookAnswer): JsonObject {
  try {
    return applyJsonPatch(object, patch ?? []);
  } catch (error) {
    throw internalError(
      `the patch of webhook ${JSON.stringify(hook.name)}: ${error instanceof Error ? error.message : error}`,
    );
  }
}

/** What no webhook can change stays as it was. */
function pinned(object: JsonObject, changed: JsonObject): JsonObject {
  const kept = metadataOf(object);
  const { name, namespace, uid, resourceVersion, generation, creationTimestamp, deletionTimestamp } = kept;
  const fixed = { name, namespace, uid, resourceVersion, generation, creationTimestamp, deletionTimestamp };
  const present = Object.fromEntries(Object.entries(fixed).filter(([, value]) => value !== undefined));
  return withMetadata(changed, { ...metadataOf(changed), ...(present as unknown as typeof kept) }); // of the same shape
}
