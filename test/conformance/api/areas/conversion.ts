import { expect } from "vitest";
import { type Api, objectOf } from "../api.ts";
import { area } from "../area.ts";
import { conversionWebhook, type Webhook } from "../conversion-webhook.ts";
import { type Definition, define, definitionOf, ownGroup, pathOf } from "../kinds.ts";

export const conversion = area("conversion by webhook");
const { test } = conversion;

/** A kind with two versions, v2 stored, whose objects a webhook carries from one to the other. */
function converted(plural: string, kind: string, { url, caBundle }: Webhook): Definition {
  const definition = definitionOf(plural, kind);
  const [v1] = definition.spec.versions;
  return {
    ...definition,
    spec: {
      ...definition.spec,
      versions: [
        { ...v1, storage: false },
        { ...v1, name: "v2" },
      ],
      conversion: {
        strategy: "Webhook",
        webhook: { conversionReviewVersions: ["v1"], clientConfig: { url, caBundle } },
      },
    },
  };
}

/** Runs a case beside a webhook that is closed after it. */
async function withWebhook(work: (webhook: Webhook) => Promise<void>): Promise<void> {
  const webhook = await conversionWebhook();
  try {
    await work(webhook);
  } finally {
    await webhook.close();
  }
}

const object = (kind: string, version: string, spec: object) => ({
  apiVersion: `${ownGroup}/${version}`,
  kind,
  metadata: { name: "a", labels: { kept: "yes" } },
  spec,
});

test("an object is converted when it is read, listed and watched in another version than it was made in", (api) =>
  withWebhook(async (webhook) => {
    const ropes = converted("ropes", "Rope", webhook);
    await define(api, ropes);
    const [v1, v2] = ["v1", "v2"].map((version) => pathOf(ropes, version, api.here));
    const made = await api.make(String(v1), object("Rope", "v1", { length: "7" }));
    const there = objectOf(await api.get(`${v2}/a`));
    expect(there).toMatchObject({ apiVersion: `${ownGroup}/v2`, spec: { length: "7", through: ["v2"] } });
    expect(there.metadata).toMatchObject({ uid: made.metadata.uid, labels: { kept: "yes" } });
    const back = (await api.get(String(v1))).body;
    expect(back).toMatchObject({ items: [{ apiVersion: `${ownGroup}/v1`, spec: { through: ["v2", "v1"] } }] });
    const events = await api.watch(String(v1));
    const { object: seen } = await events.next(({ type }) => type === "ADDED");
    expect(seen).toMatchObject({ apiVersion: `${ownGroup}/v1`, spec: { through: ["v2", "v1"] } });
  }));

test("a webhook that refuses is heard: its words are in the answer", (api) =>
  withWebhook(async (webhook) => {
    const rods = converted("rods", "Rod", webhook);
    await define(api, rods);
    const answer = await api.post(pathOf(rods, "v1", api.here), object("Rod", "v1", { refuse: true }));
    expect(answer.code).toBe(500);
    expect(answer.body.message).toContain("this cannot be converted");
  }));

test("a webhook that is gone holds up the other versions alone", (api) =>
  withWebhook(async (webhook) => {
    const reels = converted("reels", "Reel", webhook);
    await define(api, reels);
    const v2 = pathOf(reels, "v2", api.here);
    await api.make(v2, object("Reel", "v2", {}));
    await webhook.close();
    expect((await read(api, reels, "v1")).code).toBe(500);
    expect((await read(api, reels, "v2")).code).toBe(200);
  }));

const read = ({ get, here }: Api, definition: Definition, version: string) =>
  get(`${pathOf(definition, version, here)}/a`);
