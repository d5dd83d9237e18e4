import { expect, test } from "vitest";
import { parseResourcePath } from "../http/route.ts";
import { deedOf } from "./deed.ts";

const deed = (method: string, path: string, search = "") =>
  deedOf({ method, path, query: new URLSearchParams(search), resource: parseResourcePath(path) });

const pods = { on: "resource", group: "", resource: "pods", subresource: "", namespace: "shop", name: "" };

test.each([
  ["GET", "/api/v1/namespaces/shop/pods", "", { ...pods, verb: "list" }],
  ["GET", "/api/v1/namespaces/shop/pods", "watch=true", { ...pods, verb: "watch" }],
  ["GET", "/api/v1/namespaces/shop/pods", "watch=0", { ...pods, verb: "list" }],
  ["GET", "/api/v1/namespaces/shop/pods", "fieldSelector=metadata.name%3Da", { ...pods, verb: "list", name: "a" }],
  ["GET", "/api/v1/namespaces/shop/pods", "fieldSelector=metadata.name!%3Da", { ...pods, verb: "list" }],
  ["GET", "/api/v1/namespaces/shop/pods/a", "", { ...pods, verb: "get", name: "a" }],
  ["HEAD", "/api/v1/namespaces/shop/pods/a", "", { ...pods, verb: "get", name: "a" }],
  ["POST", "/api/v1/namespaces/shop/pods", "", { ...pods, verb: "create" }],
  ["PUT", "/api/v1/namespaces/shop/pods/a/status", "", { ...pods, verb: "update", name: "a", subresource: "status" }],
  ["PATCH", "/api/v1/namespaces/shop/pods/a", "", { ...pods, verb: "patch", name: "a" }],
  ["DELETE", "/api/v1/namespaces/shop/pods/a", "", { ...pods, verb: "delete", name: "a" }],
  ["DELETE", "/api/v1/namespaces/shop/pods", "", { ...pods, verb: "deletecollection" }],
  ["GET", "/api/v1/namespaces/shop", "", { ...pods, verb: "get", resource: "namespaces", name: "shop" }],
  [
    "GET",
    "/apis/apps/v1/deployments",
    "",
    { ...pods, verb: "list", group: "apps", resource: "deployments", namespace: "" },
  ],
  ["GET", "/apis/apps/v1", "", { on: "path", verb: "get", path: "/apis/apps/v1" }],
  ["POST", "/metrics", "", { on: "path", verb: "post", path: "/metrics" }],
])("%s %s?%s is what a role would call it", (method, path, search, expected) => {
  expect(deed(method, path, search)).toEqual(expected);
});
