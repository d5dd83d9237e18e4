import { backoffMs } from "../../lib/backoff.ts";
import type { Clock } from "../../lib/clock.ts";
import { failureOf } from "../../lib/failure.ts";
import { equalJson, type JsonObject } from "../../lib/json.ts";
import type { Logger } from "../../lib/log.ts";
import type { Random } from "../../lib/random.ts";
import type { Client } from "../client/client.ts";
import { waitFor } from "../client/wait.ts";
import { type Definition, definitions } from "../core/definition.ts";
import { bundleWith } from "./bundle.ts";

/** Where API servers find a conversion webhook. */
export type Whereabouts =
  | { readonly url: string }
  | { readonly service: { readonly namespace: string; readonly name: string; readonly path: string } };

export interface KeepConversion {
  readonly client: Client;
  /** Of the definitions. Those that do not exist are waited for. */
  readonly names: readonly string[];
  readonly whereabouts: Whereabouts;
  readonly authorityPem: string;
  /** Told of each definition, whenever that changes: why API servers cannot convert by us yet; undefined when they can. */
  readonly tell?: (name: string, obstacle: string | undefined) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

const retry = { startMs: 1000, capMs: 60_000 } as const;

/**
 * Makes definitions convert by this webhook, and keeps it so: whoever applies them again is corrected at once. Runs until
 * the signal is aborted; trouble with the API is retried.
 */
export async function keepConversion(options: KeepConversion, signal: AbortSignal): Promise<void> {
  await Promise.all(options.names.map((name) => keepOne(options, name, signal)));
}

async function keepOne(options: KeepConversion, name: string, signal: AbortSignal): Promise<void> {
  const { clock, random, log } = options;
  for (let failed = 0; !signal.aborted; ) {
    try {
      await correct(options, name, signal);
      log.info({ definition: name }, "the definition converts by this webhook");
      failed = 0;
    } catch (error) {
      signal.throwIfAborted();
      failed++;
      log.warn({ definition: name, reason: failureOf(error).message }, "the definition cannot be kept current");
      await clock.sleep(backoffMs(retry, failed, random), signal);
    }
  }
}

/** Waits until the definition is there and converts in another way, and puts that right. */
async function correct(options: KeepConversion, name: string, signal: AbortSignal): Promise<void> {
  const { client, clock, tell } = options;
  const wantedFor = (definition: Definition) => conversionOf(options, definition, clock.now());
  const isKept = (definition: Definition) => hasConversion(definition, wantedFor(definition));
  const found = await waitFor(
    client,
    definitions,
    { name },
    {
      what: `${name} to convert in another way than by this webhook`,
      until: (definition) => {
        const isReady = definition === undefined || isKept(definition); // what is not there needs no conversion
        tell?.(name, isReady ? undefined : `${name} does not convert by this webhook yet`);
        return definition !== undefined && !isKept(definition);
      },
      signal,
    },
  );
  if (!found) return;
  const { resourceVersion } = found.metadata;
  const patch = { metadata: { resourceVersion }, spec: { conversion: asPatch(wantedFor(found)) } };
  await client.patch(definitions, { name }, { type: "merge", patch }, { signal });
}

function conversionOf({ whereabouts, authorityPem }: KeepConversion, definition: Definition, now: Date): JsonObject {
  const caBundle = bundleWith(authorityPem, bundleOf(definition), now);
  const clientConfig = { ...whereabouts, caBundle };
  return { strategy: "Webhook", webhook: { clientConfig, conversionReviewVersions: ["v1"] } };
}

interface Conversion {
  readonly strategy?: string;
  readonly webhook?: {
    readonly clientConfig?: Readonly<Record<string, unknown>> & { readonly caBundle?: string };
    readonly conversionReviewVersions?: readonly string[];
  };
}

const conversionIn = ({ spec }: Definition): Conversion =>
  "conversion" in spec ? (spec.conversion as Conversion) : {}; // by its schema

const bundleOf = (definition: Definition) => conversionIn(definition).webhook?.clientConfig?.caBundle ?? "";

/** The API server fills in the port of a service. */
function hasConversion(definition: Definition, wanted: JsonObject): boolean {
  const { strategy, webhook } = conversionIn(definition);
  const { service, ...clientConfig } = webhook?.clientConfig ?? {};
  const { port: _port, ...named } = (service ?? {}) as JsonObject; // by its schema
  const { conversionReviewVersions = [] } = webhook ?? {};
  const found = {
    clientConfig: { ...clientConfig, ...(service !== undefined && { service: named }) },
    conversionReviewVersions,
  };
  return equalJson({ strategy, webhook: found }, wanted);
}

/** In a merge patch what is to go away is null. */
function asPatch(conversion: JsonObject): JsonObject {
  const { webhook, ...rest } = conversion as { readonly webhook: { readonly clientConfig: JsonObject } & JsonObject }; // as made above
  return { ...rest, webhook: { ...webhook, clientConfig: { url: null, service: null, ...webhook.clientConfig } } };
}
