import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { simulatedClock } from "../../testing/simulated-clock.ts";
import { loadConfig } from "./kubeconfig.ts";

let dir: string;
const signal = new AbortController().signal;
const secret = "s3cret-t0ken";

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gs-kubeconfig-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const file = (name: string, content: string | object): string => {
  const path = join(dir, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
};
const config = (parts: { cluster?: object; user?: object; context?: object; rest?: object } = {}) => ({
  apiVersion: "v1",
  kind: "Config",
  "current-context": "here",
  contexts: [{ name: "here", context: { cluster: "c", user: "u", ...parts.context } }],
  clusters: [{ name: "c", cluster: { server: "https://one:6443", ...parts.cluster } }],
  users: [{ name: "u", user: { token: secret, ...parts.user } }],
  ...parts.rest,
});
const failed = (promise: Promise<unknown>) =>
  promise.then(
    () => {
      throw new Error("it did not fail");
    },
    (error: Error) => error,
  );
const base64 = (text: string) => Buffer.from(text).toString("base64");
const headersOf = async (kubeconfig: string) => {
  const { credentials } = await loadConfig({ kubeconfig });
  return (await credentials.current(signal)).headers;
};

describe("a kubeconfig", () => {
  test("gives server, authority, namespace and token of its current context, or of the one that is asked for", async () => {
    const path = file("config", {
      ...config({
        cluster: { "certificate-authority-data": base64("CA"), "tls-server-name": "kube" },
        context: { namespace: "ns" },
      }),
      contexts: [
        { name: "here", context: { cluster: "c", user: "u", namespace: "ns" } },
        { name: "anonymous", context: { cluster: "c" } },
      ],
    });
    const loaded = await loadConfig({ kubeconfig: path });
    expect(loaded).toMatchObject({
      server: "https://one:6443",
      tls: { ca: "CA", serverName: "kube" },
      namespace: "ns",
    });
    expect(await loaded.credentials.current(signal)).toEqual({ headers: { authorization: `Bearer ${secret}` } });
    const anonymous = await loadConfig({ kubeconfig: path, context: "anonymous" });
    expect(await anonymous.credentials.current(signal)).toEqual({ headers: {} });
    expect(anonymous.namespace).toBe("default");
  });

  test("names files relative to its own folder", async () => {
    mkdirSync(join(dir, "pki"));
    for (const [name, text] of [
      ["ca.crt", "CA"],
      ["me.crt", "CERT"],
      ["me.key", "KEY"],
    ] as const)
      file(join("pki", name), text);
    const user = { token: undefined, "client-certificate": "pki/me.crt", "client-key": "pki/me.key" };
    const loaded = await loadConfig({
      kubeconfig: file("config", config({ user, cluster: { "certificate-authority": "pki/ca.crt" } })),
    });
    expect(loaded.tls.ca).toBe("CA");
    expect((await loaded.credentials.current(signal)).certificate).toEqual({ certificatePem: "CERT", keyPem: "KEY" });
  });

  test("passwords and impersonation become headers", async () => {
    const user = { token: undefined, username: "ann", password: "pw", as: "bob", "as-groups": ["dev", "ops"] };
    expect(await headersOf(file("config", config({ user })))).toEqual({
      authorization: `Basic ${base64("ann:pw")}`,
      "impersonate-user": "bob",
      "impersonate-group": ["dev", "ops"],
    });
  });

  test("KUBECONFIG lists several files, of which the first to name something wins and those not there are passed over", async () => {
    const first = file("first", { "current-context": "here", users: [{ name: "u", user: { token: "first" } }] });
    const second = file("second", { ...config({ cluster: { server: "https://two" } }), "current-context": "other" });
    const loaded = await loadConfig({ env: { KUBECONFIG: [first, join(dir, "none"), second].join(":") } });
    expect(loaded.server).toBe("https://two");
    expect((await loaded.credentials.current(signal)).headers.authorization).toBe("Bearer first");
  });

  test.each([
    ["that is not there", "/nowhere/config", /the kubeconfig \/nowhere\/config does not exist/],
    ["that is not YAML", "a: [", /is not valid YAML/],
    ["that is a list", "[]", /it must be a mapping/],
    [
      "without a current context",
      config({ rest: { "current-context": "" } }),
      /current-context is not set; run `kubectl config use-context/,
    ],
    [
      "whose context is not there",
      config({ rest: { "current-context": "x" } }),
      /there is no context "x"; it has: "here"/,
    ],
    ["whose cluster is not there", config({ context: { cluster: "x" } }), /there is no cluster "x"; it has: "c"/],
    ["whose user is not there", config({ context: { user: "x" } }), /there is no user "x"; it has: "u"/],
    ["without a server", config({ cluster: { server: "" } }), /cluster "c" has no server; it must be https/],
    [
      "whose server is no URL",
      config({ cluster: { server: "one:6443" } }),
      /cluster "c": server "one:6443" is not a URL/,
    ],
    ["with a proxy", config({ cluster: { "proxy-url": "http://p" } }), /cluster "c": proxy-url is not supported/],
    [
      "with an auth-provider",
      config({ user: { "auth-provider": { name: "oidc" } } }),
      /auth-provider is gone .* use an exec plugin/,
    ],
    [
      "with an authority and none",
      config({ cluster: { "certificate-authority-data": base64("CA"), "insecure-skip-tls-verify": true } }),
      /exclude each other/,
    ],
    [
      "whose authority is not there",
      config({ cluster: { "certificate-authority": "/nowhere/ca" } }),
      /certificate-authority: the file \/nowhere\/ca does not exist/,
    ],
    [
      "whose authority is not base64",
      config({ cluster: { "certificate-authority-data": "?" } }),
      /certificate-authority-data must be base64/,
    ],
    [
      "with half a certificate",
      config({ user: { "client-key-data": base64("K") } }),
      /has client-key but no client-certificate/,
    ],
    ["whose token is a number", config({ user: { token: 12345678 } }), /user "u": token must be text/],
  ])("%s is refused, with file, field and remedy", async (_name, content, message) => {
    const path = content === "/nowhere/config" ? content : file("config", content);
    const failure = await failed(loadConfig({ kubeconfig: path }));
    expect(failure.message).toMatch(message);
    expect(failure.message).toContain(path);
    expect(`${failure.stack}${String(failure.cause)}`).not.toContain(secret);
  });

  test("without any of them, the message says what was looked for", async () => {
    const failure = await failed(loadConfig({ env: { HOME: dir } }));
    expect(failure.message).toContain(`there is no ${dir}/.kube/config and this is not a pod; give --kubeconfig FILE`);
  });
});

describe("a token file", () => {
  test("is read again after a minute, or when the server refuses what it said", async () => {
    const tokenFile = file("token", "one\n");
    const clock = simulatedClock();
    const { credentials } = await loadConfig({ kubeconfig: file("config", config({ user: { tokenFile } })), clock });
    const token = async () => (await credentials.current(signal)).headers.authorization;
    expect(await token()).toBe("Bearer one");
    file("token", "two");
    expect(await token()).toBe("Bearer one");
    await clock.advance(60_000);
    expect(await token()).toBe("Bearer two");
    file("token", "three");
    expect(credentials.renew(await credentials.current(signal))).toBe(true);
    expect(await token()).toBe("Bearer three");
    file("token", "");
    credentials.renew(await credentials.current(signal));
    expect((await failed(token())).message).toMatch(/user "u": tokenFile: the token file .* is empty/);
  });

  test("of a pod's service account is used where there is no kubeconfig", async () => {
    for (const [name, text] of [
      ["token", "pod"],
      ["ca.crt", "CA"],
      ["namespace", "ns"],
    ] as const)
      file(name, text);
    const env = { HOME: dir, KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "443" };
    const loaded = await loadConfig({ env, serviceAccountDir: dir });
    expect(loaded).toMatchObject({ server: "https://[fd00::1]:443", tls: { ca: "CA" }, namespace: "ns" });
    expect((await loaded.credentials.current(signal)).headers.authorization).toBe("Bearer pod");
    rmSync(join(dir, "ca.crt"));
    expect((await failed(loadConfig({ env, serviceAccountDir: dir }))).message).toMatch(
      /looks like a pod, but .*ca.crt cannot be read/,
    );
  });
});

describe("an exec plugin", () => {
  const plugin = (script: string, parts: object = {}) => {
    const path = file("plugin", `#!/bin/sh\necho run >> ${dir}/runs\n${script}\n`);
    chmodSync(path, 0o755);
    const exec = {
      apiVersion: "client.authentication.k8s.io/v1",
      command: "./plugin",
      args: ["--password", secret],
      ...parts,
    };
    return file("config", config({ user: { token: undefined, exec } }));
  };
  const printing = (status: object, apiVersion = "client.authentication.k8s.io/v1") =>
    `echo '${JSON.stringify({ apiVersion, kind: "ExecCredential", status })}'`;

  test("is run once for as long as its credential lasts, and again when that ends", async () => {
    const clock = simulatedClock(new Date("2026-01-01T00:00:00Z"));
    const kubeconfig = plugin(printing({ token: "t", expirationTimestamp: "2026-01-01T01:00:00Z" }));
    const { credentials } = await loadConfig({ kubeconfig, clock });
    const all = await Promise.all([1, 2, 3].map(() => credentials.current(signal)));
    expect(all[2]?.headers).toEqual({ authorization: "Bearer t" });
    const runs = () => readFileSync(join(dir, "runs"), "utf8").trim().split("\n").length;
    expect(runs()).toBe(1);
    await clock.advance(3_600_000);
    await credentials.current(signal);
    expect(runs()).toBe(2);
  });

  test("may print a certificate, in v1beta1 too, and learns of the cluster when it asks for it", async () => {
    const apiVersion = "client.authentication.k8s.io/v1beta1";
    const script = `case "$KUBERNETES_EXEC_INFO" in *https://one:6443*) ${printing({ clientCertificateData: "C", clientKeyData: "K" }, apiVersion)};; esac`;
    const { credentials } = await loadConfig({ kubeconfig: plugin(script, { apiVersion, provideClusterInfo: true }) });
    expect((await credentials.current(signal)).certificate).toEqual({ certificatePem: "C", keyPem: "K" });
  });

  test.each([
    ["fails", `echo ${secret} >&2; exit 1`, /user "u": exec: the plugin .*plugin failed; run it by hand/],
    ["prints no JSON", `echo ${secret}`, /printed something that is not JSON/],
    [
      "prints another version",
      printing({ token: secret }, "client.authentication.k8s.io/v9"),
      /did not print an ExecCredential of/,
    ],
    ["prints no credential", printing({}), /printed neither a token nor a certificate/],
  ])("that %s is reported without its arguments and output", async (_name, script, message) => {
    const { credentials } = await loadConfig({ kubeconfig: plugin(script) });
    const failure = await failed(credentials.current(signal));
    expect(failure.message).toMatch(message);
    expect(`${failure.stack}${String(failure.cause)}`).not.toContain(secret);
  });

  test.each([
    [
      "is not installed",
      { command: "no-such-program", installHint: "install it with x" },
      /no-such-program is not installed; install it with x/,
    ],
    [
      "is of a version long gone",
      { apiVersion: "client.authentication.k8s.io/v1alpha1" },
      /is not supported; use client.authentication.k8s.io\/v1 or/,
    ],
    ["needs a terminal", { interactiveMode: "Always" }, /needs a terminal/],
  ])("that %s is refused with the remedy", async (_name, parts, message) => {
    const loading = loadConfig({ kubeconfig: plugin("true", parts) });
    expect((await failed(loading.then(({ credentials }) => credentials.current(signal)))).message).toMatch(message);
  });
});
