import { describe, expect, test } from "vitest";
import type { ResourceDeed } from "../deed.ts";
import { allows, missingFrom, type PolicyRule, ruleText } from "./rule.ts";

const rule = (parts: Partial<PolicyRule>): PolicyRule => ({
  verbs: ["get"],
  apiGroups: [""],
  resources: ["pods"],
  resourceNames: [],
  nonResourceURLs: [],
  ...parts,
});
const onPaths = (nonResourceURLs: readonly string[], verbs = ["get"]) =>
  rule({ verbs, apiGroups: [], resources: [], nonResourceURLs });
const deed = (parts: Partial<ResourceDeed> = {}): ResourceDeed => ({
  on: "resource",
  verb: "get",
  group: "",
  resource: "pods",
  subresource: "",
  namespace: "shop",
  name: "a",
  ...parts,
});

describe("what a rule allows", () => {
  test.each([
    ["its own verb, group and resource", rule({}), deed()],
    ["everything with stars", rule({ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }), deed({ subresource: "log" })],
    ["a subresource by its name", rule({ resources: ["pods/log"] }), deed({ subresource: "log" })],
    ["a subresource of any resource", rule({ resources: ["*/scale"] }), deed({ subresource: "scale" })],
    ["an object by its name", rule({ resourceNames: ["a", "b"] }), deed()],
    ["a path", onPaths(["/metrics"]), { on: "path", verb: "get", path: "/metrics" } as const],
    ["paths that begin alike", onPaths(["/apis/*"]), { on: "path", verb: "get", path: "/apis/apps" } as const],
  ])("includes %s", (_what, one, done) => expect(allows(one, done)).toBe(true));

  test.each([
    ["another verb", rule({}), deed({ verb: "list" })],
    ["another group", rule({}), deed({ group: "apps" })],
    ["a subresource of its resource", rule({}), deed({ subresource: "log" })],
    ["the resource of its subresource", rule({ resources: ["pods/log"] }), deed()],
    ["an object of another name", rule({ resourceNames: ["b"] }), deed()],
    ["objects of no name, where names are given", rule({ resourceNames: ["a"] }), deed({ name: "" })],
    ["a path below its own", onPaths(["/metrics"]), { on: "path", verb: "get", path: "/metrics/a" } as const],
    [
      "paths, when it speaks of resources",
      rule({ resources: ["*"] }),
      { on: "path", verb: "get", path: "/x" } as const,
    ],
  ])("does not include %s", (_what, one, done) => expect(allows(one, done)).toBe(false));
});

describe("what is missing from the rules that somebody holds", () => {
  test.each([
    ["the same rule", [rule({})], [rule({})]],
    ["two rules that cover it together", [rule({}), rule({ verbs: ["list"] })], [rule({ verbs: ["get", "list"] })]],
    ["one that names no objects", [rule({})], [rule({ resourceNames: ["a"] })]],
    ["one for any subresource", [rule({ resources: ["*/log"] })], [rule({ resources: ["pods/log"] })]],
    ["a path above", [onPaths(["/a/*"])], [onPaths(["/a/b", "/a/c/*"])]],
  ])("is nothing with %s", (_what, held, wanted) => expect(missingFrom(held, wanted)).toEqual([]));

  test("is listed as kube-apiserver lists it: by group, resource and name, its verbs put together", () => {
    const wanted = [
      rule({ verbs: ["get", "list"], apiGroups: ["", "apps"] }),
      rule({ resources: ["configmaps"], resourceNames: ["a", "b"] }),
      onPaths(["/x"]),
    ];
    expect(missingFrom([rule({ verbs: ["list"] })], wanted).map(ruleText)).toEqual([
      '{APIGroups:[""], Resources:["pods"], Verbs:["get"]}',
      '{APIGroups:["apps"], Resources:["pods"], Verbs:["get" "list"]}',
      '{APIGroups:[""], Resources:["configmaps"], ResourceNames:["a"], Verbs:["get"]}',
      '{APIGroups:[""], Resources:["configmaps"], ResourceNames:["b"], Verbs:["get"]}',
      '{NonResourceURLs:["/x"], Verbs:["get"]}',
    ]);
  });

  test("is all of it where the held rule names other objects, or the wanted one names none", () => {
    const held = [rule({ resourceNames: ["a"] })];
    expect(missingFrom(held, [rule({ resourceNames: ["b"] })])).toHaveLength(1);
    expect(missingFrom(held, [rule({})])).toHaveLength(1);
  });
});
