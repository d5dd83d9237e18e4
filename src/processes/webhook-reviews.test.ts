import fc from "fast-check";
import { expect, test } from "vitest";
import { groupClasses, groupContents, groupSnapshotGroup, groupSnapshots } from "../api/group-snapshot/resources.ts";
import { groupVersions } from "../api/group-snapshot/versions.ts";
import { answerReview } from "../kube/webhook/review.ts";
import { failureOf } from "../lib/failure.ts";
import { type Json, type JsonObject, parseJson, stringifyJson } from "../lib/json.ts";
import { convertGroup } from "./webhook.ts";

const kinds = [groupSnapshots, groupContents, groupClasses].map(({ kind }) => kind);
const anyJson = fc.jsonValue().map((value) => parseJson(JSON.stringify(value)));
const version = fc.constantFrom(
  ...[...groupVersions, ...groupVersions, "v9", "v1/v1"].map((name) => `${groupSnapshotGroup}/${name}`),
  "v1",
  "apps/v1",
  "__proto__",
);
/** Half right, so that it gets past the first checks: any part may be anything. */
const oddly = (part: fc.Arbitrary<Json>) =>
  fc.oneof({ weight: 40, arbitrary: part }, { weight: 1, arbitrary: anyJson });
const oddList = oddly(
  fc.array(oddly(fc.record({ volumeHandle: oddly(fc.string()), snapshotHandle: oddly(fc.string()) }))),
);
const oddObject = fc.record({
  apiVersion: oddly(version),
  kind: oddly(fc.constantFrom(...kinds, ...kinds, "Pod", "constructor")),
  metadata: oddly(
    fc.record({ name: oddly(fc.string()), annotations: oddly(fc.dictionary(fc.string(), oddly(fc.string()))) }),
  ),
  spec: anyJson,
  status: oddly(
    fc.record({
      creationTime: oddly(fc.constantFrom(1754000000123456789n, "2025-07-31T22:13:20Z", "yesterday")),
      volumeSnapshotInfoList: oddList,
      volumeSnapshotHandlePairList: oddList,
    }),
  ),
});

test("any conversion request is answered, with all of its objects or with a reason, and never by a crash", () => {
  let converted = 0;
  fc.assert(
    fc.property(fc.array(oddly(oddObject), { maxLength: 3 }), oddly(version), (objects, desiredAPIVersion) => {
      const { response } = answer({ uid: "u", desiredAPIVersion, objects });
      const { result, convertedObjects } = response as { result: JsonObject; convertedObjects: readonly Json[] }; // as below
      expect(response).toMatchObject({ uid: "u" });
      expect(convertedObjects).toHaveLength(result.status === "Success" ? objects.length : 0);
      expect(result.status === "Success" || typeof result.message === "string").toBe(true);
      if (result.status === "Success") converted += objects.length;
    }),
    { numRuns: 300 },
  );
  expect(converted).toBeGreaterThan(20);
});

test("any body that is no conversion request is refused with a reason, and never by a crash", () => {
  fc.assert(
    fc.property(
      oddly(fc.record({ apiVersion: version, kind: fc.constantFrom("ConversionReview", "Pod"), request: anyJson })),
      (body) => {
        expect(["answered", "invalid"]).toContain(outcomeOf(body));
      },
    ),
  );
});

function outcomeOf(body: Json): string {
  try {
    answerReview(body, convertGroup);
    return "answered";
  } catch (error) {
    return failureOf(error).code;
  }
}

const answer = (request: Json) => {
  const review = { apiVersion: "apiextensions.k8s.io/v1", kind: "ConversionReview", request };
  return parseJson(stringifyJson(answerReview(review, convertGroup))) as { readonly response: JsonObject }; // a review
};
