import { expect } from "vitest";
import { area } from "../area.ts";

export const discovery = area("discovery");
const { test } = discovery;

const aggregated =
  "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

interface DiscoveredGroup {
  readonly metadata: { readonly name?: string };
  readonly versions: readonly {
    readonly version: string;
    readonly freshness: string;
    readonly resources: readonly { readonly resource: string }[];
  }[];
}

test("/api lists the versions of the core group", async ({ get }) => {
  const answer = await get("/api");
  expect(answer.code).toBe(200);
  expect(answer.body).toMatchObject({ kind: "APIVersions", versions: ["v1"] });
});

test("/apis lists each group with its versions, the preferred one named", async ({ get }) => {
  const { body } = await get("/apis");
  expect(body).toMatchObject({ kind: "APIGroupList", apiVersion: "v1" });
  expect(body.groups).toContainEqual({
    name: "example.net",
    versions: [
      { groupVersion: "example.net/v1", version: "v1" },
      { groupVersion: "example.net/v1beta1", version: "v1beta1" },
    ],
    preferredVersion: { groupVersion: "example.net/v1", version: "v1" },
  });
});

test("the preferred version goes by the order of versions, not by what is stored: v1 before v1beta1 (surprise 12)", async ({
  get,
}) => {
  const { body } = await get("/apis/example.net");
  expect(body).toMatchObject({ kind: "APIGroup", name: "example.net", preferredVersion: { version: "v1" } });
});

test("a version that is not served is not discovered", async ({ get }) => {
  const { text } = await get("/apis/example.net");
  expect(text).not.toContain("v1alpha1");
  expect((await get("/apis/example.net/v1alpha1")).code).toBe(404);
});

test("a version lists its resources with verbs, short names, categories and subresources", async ({ get }) => {
  const { body } = await get("/apis/example.net/v1");
  expect(body).toMatchObject({ kind: "APIResourceList", apiVersion: "v1", groupVersion: "example.net/v1" });
  const verbs = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];
  expect((body.resources as unknown as readonly object[]).length).toBe(3);
  expect(body.resources).toEqual(
    expect.arrayContaining([
      {
        name: "gadgets",
        singularName: "gadget",
        namespaced: true,
        kind: "Gadget",
        verbs: expect.arrayContaining(verbs),
        shortNames: ["gd"],
        categories: ["all"],
        storageVersionHash: expect.any(String),
      },
      { name: "gadgets/status", singularName: "", namespaced: true, kind: "Gadget", verbs: ["get", "patch", "update"] },
      {
        name: "gadgets/scale",
        singularName: "",
        namespaced: true,
        group: "autoscaling",
        version: "v1",
        kind: "Scale",
        verbs: ["get", "patch", "update"],
      },
    ]),
  );
});

test("the core group lists what every client looks for", async ({ get }) => {
  const { body } = await get("/api/v1");
  expect(body).toMatchObject({ kind: "APIResourceList", groupVersion: "v1" });
  const resources = body.resources as unknown as readonly { name: string; namespaced: boolean; kind: string }[];
  const kinds = resources.map(({ name, namespaced, kind }) => `${name} ${namespaced} ${kind}`);
  expect(kinds).toEqual(
    expect.arrayContaining([
      "configmaps true ConfigMap",
      "events true Event",
      "namespaces false Namespace",
      "namespaces/finalize false Namespace",
      "namespaces/status false Namespace",
      "nodes false Node",
      "persistentvolumeclaims true PersistentVolumeClaim",
      "persistentvolumeclaims/status true PersistentVolumeClaim",
      "persistentvolumes false PersistentVolume",
      "pods true Pod",
      "pods/status true Pod",
      "secrets true Secret",
      "serviceaccounts true ServiceAccount",
    ]),
  );
});

test("service accounts have a token subresource", async ({ get }) => {
  const { body } = await get("/api/v1");
  expect(body.resources).toContainEqual({
    name: "serviceaccounts/token",
    singularName: "",
    namespaced: true,
    group: "authentication.k8s.io",
    version: "v1",
    kind: "TokenRequest",
    verbs: ["create"],
  });
});

test("deployments and stateful sets have a scale subresource", async ({ get }) => {
  const { body } = await get("/apis/apps/v1");
  const scale = { singularName: "", namespaced: true, group: "autoscaling", version: "v1", kind: "Scale" };
  for (const name of ["deployments/scale", "statefulsets/scale"])
    expect(body.resources).toContainEqual({ ...scale, name, verbs: ["get", "patch", "update"] });
});

test("claims are found by the short names and categories that kubectl expands", async ({ get }) => {
  const { body } = await get("/api/v1");
  expect(body.resources).toContainEqual(
    expect.objectContaining({ name: "persistentvolumeclaims", shortNames: ["pvc"] }),
  );
  expect(body.resources).toContainEqual(
    expect.objectContaining({ name: "pods", shortNames: ["po"], categories: ["all"] }),
  );
});

test("one request discovers all groups, for clients that take it", async ({ get }) => {
  const answer = await get("/apis", { accept: aggregated });
  expect(answer.headers["content-type"]).toBe("application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
  expect(answer.body).toMatchObject({ kind: "APIGroupDiscoveryList", apiVersion: "apidiscovery.k8s.io/v2" });
  const groups = answer.body.items as unknown as readonly DiscoveredGroup[];
  const group = groups.find(({ metadata }) => metadata.name === "example.net");
  expect(group?.versions.map(({ version, freshness }) => `${version} ${freshness}`)).toEqual([
    "v1 Current",
    "v1beta1 Current",
  ]);
  expect(group?.versions[0]?.resources).toEqual([
    {
      resource: "gadgets",
      responseKind: { group: "example.net", version: "v1", kind: "Gadget" },
      scope: "Namespaced",
      singularResource: "gadget",
      verbs: expect.arrayContaining(["create", "list", "watch"]),
      shortNames: ["gd"],
      categories: ["all"],
      subresources: expect.arrayContaining([
        {
          subresource: "status",
          responseKind: { group: "example.net", version: "v1", kind: "Gadget" },
          verbs: ["get", "patch", "update"],
        },
        {
          subresource: "scale",
          responseKind: { group: "autoscaling", version: "v1", kind: "Scale" },
          verbs: ["get", "patch", "update"],
        },
      ]),
    },
  ]);
});

test("the core group is discovered in one request too", async ({ get }) => {
  const { body } = await get("/api", { accept: aggregated });
  const [core] = body.items as unknown as readonly DiscoveredGroup[];
  expect(core?.versions[0]?.version).toBe("v1");
  expect(core?.versions[0]?.resources.map(({ resource }) => resource)).toEqual(
    expect.arrayContaining(["configmaps", "namespaces", "pods", "secrets"]),
  );
});

test("aggregated discovery has an ETag, and answers 304 to those who have it already", async ({ send }) => {
  const first = await send("GET", "/apis", { headers: { accept: aggregated } });
  const etag = String(first.headers.etag);
  expect(etag).toMatch(/^"[0-9A-F]{128}"$/);
  const again = await send("GET", "/apis", { headers: { accept: aggregated, "if-none-match": etag } });
  expect(`${again.code} ${again.text}`).toBe("304 ");
});

test("/version tells a version that clients can compare", async ({ get }) => {
  const { body } = await get("/version");
  expect(body).toMatchObject({
    major: "1",
    minor: expect.stringMatching(/^\d+$/),
    gitVersion: expect.stringMatching(/^v1\.\d+\.\d+/),
    platform: expect.stringContaining("/"),
  });
});

test("health is told in one word", async ({ get }) => {
  const answers = await Promise.all(["/healthz", "/livez", "/readyz"].map((path) => get(path)));
  expect(answers.map(({ code, text }) => `${code} ${text}`)).toEqual(Array(3).fill("200 ok"));
});

test("health is told check by check to those who ask", async ({ get }) => {
  const { code, text } = await get("/readyz?verbose");
  expect(code).toBe(200);
  expect(text).toMatch(/^\[\+\]ping ok$/m);
  expect(text).toMatch(/readyz check passed\n$/);
});

test("the paths that are served are listed at the root", async ({ get }) => {
  const { body } = await get("/");
  expect(body.paths).toEqual(expect.arrayContaining(["/api", "/api/v1", "/apis", "/apis/example.net", "/version"]));
});
