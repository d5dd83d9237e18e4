import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RawOptions } from "../../src/testing/raw-client.ts";
import { type Asked, type BothServers, bothServers } from "./both-servers.ts";
import { type Kubectl, kubectlOn } from "./kubectl.ts";
import { expectSameAnswers } from "./same-answers.ts";

/** Who may do what, asked of the embedded API server and of a real one: the answers are the same, word for word. */
let both: BothServers;
beforeAll(async () => {
  both = await bothServers();
}, 120_000);
afterAll(() => both.stop());

const rbac = "/apis/rbac.authorization.k8s.io/v1";
const authorization = "/apis/authorization.k8s.io/v1";
const authentication = "/apis/authentication.k8s.io/v1";
const maps = "/api/v1/namespaces/default/configmaps";
const as = (user: string, ...groups: readonly string[]) => ({
  headers: { "impersonate-user": user, ...(groups.length > 0 && { "impersonate-group": [...groups] }) },
});
const post = (body: object, options: RawOptions = {}): RawOptions => ({ ...options, body });
const rule = (verbs: readonly string[], resources: readonly string[], apiGroups = [""]) => ({
  verbs,
  apiGroups,
  resources,
});
const clusterRole = (name: string, rules: readonly object[]) => ({ metadata: { name }, rules });
const binding = (name: string, role: string, user: string) => ({
  metadata: { name },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
  subjects: [{ kind: "User", apiGroup: "rbac.authorization.k8s.io", name: user }],
});

async function give({ quietly }: Asked, user: string, rules: readonly object[], namespace?: string): Promise<void> {
  await quietly("POST", `${rbac}/clusterroles`, { body: clusterRole(user, rules) });
  const path = namespace === undefined ? `${rbac}/clusterrolebindings` : `${rbac}/namespaces/${namespace}/rolebindings`;
  await quietly("POST", path, { body: binding(user, user, user) });
}

const expectSame = (steps: (server: Asked) => Promise<unknown>) => expectSameAnswers(both, steps);

/** kube-apiserver takes a moment until it knows of a new role or binding. */
async function untilAllowed({ quietly }: Asked, user: string, attributes: object): Promise<void> {
  await expect
    .poll(
      async () => {
        const body = { spec: { user, resourceAttributes: attributes } };
        const { status } = (await quietly("POST", `${authorization}/subjectaccessreviews`, { body })).body;
        return (status as { allowed?: boolean } | undefined)?.allowed;
      },
      { timeout: 10_000 },
    )
    .toBe(true);
}

describe("both servers say the same", () => {
  test("to a user who may do nothing", () =>
    expectSame(async ({ send }) => {
      await send("GET", "/api/v1/namespaces/default/pods/x", as("nobody"));
      await send("GET", "/api/v1/pods", as("nobody"));
      await send("GET", "/api/v1/namespaces/default", as("nobody"));
      await send("GET", `${maps}?fieldSelector=metadata.name%3Da`, as("nobody"));
      await send("GET", `${maps}?watch=true`, as("nobody"));
      await send("DELETE", maps, as("nobody"));
      await send("POST", maps, post({ metadata: { name: "x" } }, as("nobody")));
      await send("PUT", "/apis/apps/v1/namespaces/default/deployments/x/status", post({}, as("nobody")));
      await send("GET", "/apis/none.example.com/v1/things", as("nobody"));
      await send("GET", "/metrics", as("nobody"));
    }));

  test("when somebody gives more than they have", () =>
    expectSame(async (server) => {
      const { send } = server;
      await give(server, "climber", [
        rule(["create", "update", "patch"], ["*"], ["rbac.authorization.k8s.io"]),
        { ...rule(["get", "list"], ["secrets"]), resourceNames: ["a"] },
      ]);
      const group = "rbac.authorization.k8s.io";
      await untilAllowed(server, "climber", { verb: "create", group, resource: "roles", namespace: "default" });
      const climber = as("climber", "one", "two");
      const rules = [
        rule(["get", "list"], ["pods", "secrets"], ["", "apps"]),
        { ...rule(["get"], ["configmaps"]), resourceNames: ["a", "b"] },
        { ...rule(["get"], ["secrets"]), resourceNames: ["a"] },
      ];
      const paths = [{ verbs: ["get"], nonResourceURLs: ["/x", "/y/*"] }];
      await send("POST", `${rbac}/namespaces/default/roles`, post(clusterRole("more", rules), climber));
      await send("POST", `${rbac}/clusterroles`, post(clusterRole("more", [...rules, ...paths]), climber));
      const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { a: "b" } }] };
      await send("POST", `${rbac}/clusterroles`, post({ metadata: { name: "sum" }, aggregationRule }, climber));
      await send("POST", `${rbac}/clusterrolebindings`, post(binding("more", "cluster-admin", "climber"), climber));
      await send(
        "POST",
        `${rbac}/namespaces/default/rolebindings`,
        post(binding("more", "no-such", "climber"), climber),
      );
      await send("POST", `${rbac}/namespaces/default/roles`, post(clusterRole("less", rules.slice(2)), climber));
    }));

  test("to reviews of access", () =>
    expectSame(async (server) => {
      const { send } = server;
      await give(server, "reader", [rule(["get", "list"], ["configmaps"])], "default");
      const map = { namespace: "default", verb: "get", resource: "configmaps" };
      await untilAllowed(server, "reader", map);
      const ask = (kind: string, spec: object, options?: RawOptions) =>
        send("POST", `${authorization}/${kind}`, post({ spec }, options));
      await ask("subjectaccessreviews", { user: "reader", resourceAttributes: map });
      await ask("subjectaccessreviews", { user: "reader", resourceAttributes: { ...map, verb: "delete" } });
      await ask("subjectaccessreviews", { user: "x", groups: ["system:masters"], resourceAttributes: map });
      await ask("subjectaccessreviews", {
        groups: ["system:authenticated"],
        nonResourceAttributes: { verb: "get", path: "/apis/x" },
      });
      await ask("subjectaccessreviews", { user: "x" });
      await ask("subjectaccessreviews", { resourceAttributes: map });
      await ask("selfsubjectaccessreviews", { resourceAttributes: map }, as("reader"));
      await ask("selfsubjectrulesreviews", {}, as("reader"));
      await ask("namespaces/default/localsubjectaccessreviews", { user: "reader", resourceAttributes: map });
      await ask("namespaces/default/localsubjectaccessreviews", {
        user: "x",
        resourceAttributes: { ...map, namespace: "y" },
      });
      await send("GET", `${authorization}/subjectaccessreviews`);
    }));

  test("of who somebody is", () =>
    expectSame(async ({ send }) => {
      const review = `${authentication}/selfsubjectreviews`;
      await send("POST", review, post({}, as("bob", "a", "b")));
      await send("POST", review, post({}, as("system:serviceaccount:default:web")));
      const headers = { ...as("bob").headers, "impersonate-uid": "7", "impersonate-extra-scopes": "view" };
      await send("POST", review, post({}, { headers }));
      await send("POST", `${authentication}/tokenreviews`, post({ spec: {} }));
      await send("POST", `${authentication}/tokenreviews`, post({ spec: { token: "nonsense" } }));
    }));

  test("to requests for tokens that cannot be", () =>
    expectSame(async ({ send, quietly }) => {
      const accounts = "/api/v1/namespaces/default/serviceaccounts";
      await quietly("POST", accounts, { body: { metadata: { name: "web" } } });
      const ask = (spec: object, name = "web") => send("POST", `${accounts}/${name}/token`, post({ spec }));
      await ask({ expirationSeconds: 10 });
      await ask({ expirationSeconds: 2 ** 33 });
      await ask({ boundObjectRef: { kind: "Secret", apiVersion: "v1", name: "nope" } });
      await ask({ boundObjectRef: { kind: "ConfigMap", apiVersion: "v1", name: "nope" } });
      await ask({}, "nobody");
      await send("GET", `${accounts}/web/token`);
    }));

  test("of tokens: whose they are, for whom, and when they end", () =>
    expectSame(async ({ send, quietly }) => {
      const accounts = "/api/v1/namespaces/default/serviceaccounts";
      await quietly("POST", accounts, { body: { metadata: { name: "worker" } } });
      const { status } = (
        await quietly("POST", `${accounts}/worker/token`, { body: { spec: { audiences: ["vault"] } } })
      ).body;
      const { token } = status as { token: string };
      const reviewed = async (audiences?: readonly string[]) => {
        const answer = await quietly("POST", `${authentication}/tokenreviews`, {
          body: { spec: { token, audiences } },
        });
        const { user, ...rest } = answer.body.status as { user: Record<string, unknown> };
        return { ...rest, username: user.username, groups: user.groups };
      };
      await send(
        "POST",
        `${authentication}/selfsubjectreviews`,
        post({}, { headers: { authorization: `Bearer ${token}` } }),
      );
      const seen = [await reviewed(), await reviewed(["vault", "other"])];
      await quietly("DELETE", `${accounts}/worker`);
      expect(seen).toEqual([
        {
          error: expect.stringContaining('token audiences ["vault"] is invalid for the target audiences'),
          username: undefined,
        },
        {
          authenticated: true,
          audiences: ["vault"],
          username: "system:serviceaccount:default:worker",
          groups: ["system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"],
        },
      ]);
    }));
});

test("the comparison notices another word in a denial", async () => {
  const denial = async (user: string) => (await both.run(({ send }) => send("GET", maps, as(user)))).real;
  expect(await denial("one")).toEqual(await denial("one"));
  expect(await denial("one")).not.toEqual(await denial("two"));
});

describe("kubectl prints the same on both servers", () => {
  const outcome = (kubectl: Kubectl, args: readonly string[], input?: string) =>
    kubectl(args, input).catch((error: unknown) =>
      (error instanceof Error ? error.message : String(error)).replace(/^[^:]*kubectl[^:]*: /, ""),
    );
  const deployment = ["create", "deployment", "web", "--image=web"];

  test.each([
    ["create serviceaccount", [["create", "serviceaccount", "builder"]]],
    [
      "auth can-i",
      [
        ["auth", "can-i", "list", "pods", "--as", "nobody"],
        ["auth", "can-i", "create", "deployments", "-n", "default"],
      ],
    ],
    ["auth whoami", [["auth", "whoami", "--as", "bob", "--as-group", "g"]]],
    ["get, refused", [["get", "pods", "--as", "nobody"]]],
    [
      "scale",
      [
        deployment,
        ["scale", "deployment/web", "--replicas=3"],
        ["get", "deployment", "web", "-o", "jsonpath={.spec.replicas}"],
        ["scale", "deployment/web", "--current-replicas=1", "--replicas=2"],
      ],
    ],
    [
      "label and annotate",
      [
        ["label", "deployment", "web", "tier=a"],
        ["label", "deployment", "web", "tier=b"],
        ["annotate", "deployment", "web", "note=x"],
      ],
    ],
    ["wait", [["wait", "deployment/web", "--for=jsonpath={.spec.replicas}=3", "--timeout=10s"]]],
    ["get --raw", [["get", "--raw", "/api/v1/namespaces/default/serviceaccounts/none"]]],
    ["delete --cascade", [["delete", "deployment", "web", "--cascade=background"]]],
    [
      "create role and rolebinding",
      [
        ["create", "role", "r", "--verb=get", "--resource=pods"],
        ["create", "rolebinding", "r", "--role=r", "--user=u"],
        ["get", "rolebinding", "r", "-o", "jsonpath={.subjects}"],
      ],
    ],
    [
      "create token, refused",
      [
        ["create", "token", "builder", "--duration=1m"],
        ["create", "token", "nobody"],
      ],
    ],
  ] as const)("for %s", async (_what, commands) => {
    const { embedded, real } = both.kubeconfigs;
    const printed = async (kubeconfig: string) => {
      const texts: string[] = [];
      for (const command of commands) texts.push(await outcome(kubectlOn(kubeconfig), command));
      return texts;
    };
    const [ours, theirs] = await Promise.all([printed(embedded), printed(real)]);
    expect(ours).toEqual(theirs);
    expect(theirs.join("")).not.toBe("");
  });

  test("for replace, with the token of a service account that may do it", async () => {
    const lines = async (kubeconfig: string) => {
      const kubectl = kubectlOn(kubeconfig);
      await outcome(kubectl, ["create", "configmap", "replaced", "--from-literal=a=1"]);
      await outcome(kubectl, [
        "create",
        "rolebinding",
        "editor",
        "--clusterrole=cluster-admin",
        "--serviceaccount=default:editor",
      ]);
      await outcome(kubectl, ["create", "serviceaccount", "editor"]);
      const token = (await kubectl(["create", "token", "editor"])).trim();
      const map = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "replaced" }, data: { a: "2" } };
      const replace = [
        "--token",
        token,
        "--client-certificate=",
        "--client-key=",
        "-n",
        "default",
        "replace",
        "-f",
        "-",
      ];
      await expect
        .poll(() => outcome(kubectl, replace, JSON.stringify(map)), { timeout: 10_000 })
        .toContain("replaced");
      return kubectl(["get", "configmap", "replaced", "-o", "jsonpath={.data}"]);
    };
    expect(await lines(both.kubeconfigs.embedded)).toBe(await lines(both.kubeconfigs.real));
  });
});
