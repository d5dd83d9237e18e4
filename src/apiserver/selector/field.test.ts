import { describe, expect, test } from "vitest";
import { builtInKinds } from "../kinds/built-in.ts";
import { parseFieldSelector } from "./field.ts";

const kindOf = (group: string, name: string) => {
  const found = builtInKinds().find((kind) => kind.group === group && kind.kind === name);
  if (!found) throw new Error(`there is no ${name}`);
  return found;
};

const event = {
  metadata: { name: "a", namespace: "n" },
  involvedObject: { kind: "PersistentVolumeClaim", name: "data", uid: "u1" },
  reason: "Bound",
  source: { component: "binder" },
};

describe("a field selector", () => {
  test.each([
    "metadata.name=a",
    "metadata.namespace==n,reason!=Failed",
    "involvedObject.name=data,involvedObject.kind=PersistentVolumeClaim,involvedObject.uid=u1",
    "source=binder",
    "type=",
  ])("finds the event by `%s`", (text) => {
    expect(parseFieldSelector(text, kindOf("", "Event"))(event)).toBe(true);
  });

  test.each(["metadata.name!=a", "involvedObject.name=wal", "source=other"])(
    "does not find the event by `%s`",
    (text) => {
      expect(parseFieldSelector(text, kindOf("", "Event"))(event)).toBe(false);
    },
  );

  test("asks events of the newer group by what they call the object", () => {
    const select = parseFieldSelector("regarding.name=data", kindOf("events.k8s.io", "Event"));
    expect(select({ regarding: { name: "data" } })).toBe(true);
  });

  test("takes an absent boolean for false", () => {
    const select = parseFieldSelector("spec.unschedulable=false", kindOf("", "Node"));
    expect(select({ metadata: { name: "n" } })).toBe(true);
    expect(select({ spec: { unschedulable: true } })).toBe(false);
  });

  test("reads escaped commas, equal signs and backslashes in values", () => {
    const select = parseFieldSelector(String.raw`type=a\,b\=c\\d`, kindOf("", "Secret"));
    expect(select({ type: String.raw`a,b=c\d` })).toBe(true);
  });

  test("names the fields that can be selected by when another is asked for", () => {
    expect(() => parseFieldSelector("spec.volumeName=x", kindOf("", "PersistentVolumeClaim"))).toThrow(
      /spec.volumeName; .* can be selected by metadata.name, metadata.namespace/,
    );
  });

  test("refuses a term without a comparison", () => {
    expect(() => parseFieldSelector("metadata.name", kindOf("", "Secret"))).toThrow(/not of the form field=value/);
  });
});
