import type { Clock } from "../../lib/clock.ts";
import { exec } from "../../lib/exec.ts";
import { Failure, failureOf } from "../../lib/failure.ts";
import { bearer, type Credential, type Credentials, type TlsSettings } from "./connection.ts";
import type { Section } from "./kubeconfig-file.ts";

/** Plugins log in over the network, some through several hops; without a terminal none takes longer. */
const pluginTimeoutMs = 60_000;
/** A credential is renewed this long before it ends, so that no request is under way with it when it does. */
const renewEarlyMs = 10_000;

const versions = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];

interface PluginDeps {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly server: string;
  readonly tls: TlsSettings;
}

/** Credentials that a program prints (kubectl's exec plugins), kept until they end or the server refuses them. */
export function execCredentials(plugin: Section, deps: PluginDeps): Credentials {
  const settings = settingsOf(plugin, deps);
  let kept: Printed | undefined;
  let running: Promise<Printed> | undefined;
  // Shared by all who wait for it: the plugin runs once, however many requests need its credential.
  const run = () => {
    running ??= runPlugin(settings).finally(() => {
      running = undefined;
    });
    return running;
  };
  return {
    async current() {
      const nowMs = deps.clock.now().getTime();
      if (!kept || (kept.endsAt && kept.endsAt.getTime() - renewEarlyMs <= nowMs)) kept = await run();
      return kept.credential;
    },
    renew(refused) {
      if (kept?.credential === refused) kept = undefined;
      return true;
    },
  };
}

interface Settings {
  readonly name: string;
  readonly apiVersion: string;
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  readonly hint: string | undefined;
}

function settingsOf(plugin: Section, deps: PluginDeps): Settings {
  const command = plugin.text("command");
  if (!command) throw new Failure("invalid", `${plugin.name} has no command`);
  const apiVersion = plugin.text("apiVersion") ?? "";
  if (!versions.includes(apiVersion))
    throw new Failure(
      "invalid",
      `${plugin.name}: apiVersion "${apiVersion}" is not supported; use ${versions.join(" or ")}`,
    );
  if (plugin.text("interactiveMode") === "Always")
    throw new Failure(
      "invalid",
      `${plugin.name}: interactiveMode Always needs a terminal, which this process does not have`,
    );
  const program = command.includes("/") ? (plugin.path("command") ?? command) : command;
  const given = plugin.sections("env").map((each) => [each.text("name") ?? "", each.text("value") ?? ""] as const);
  const cluster = {
    server: deps.server,
    ...(deps.tls.ca !== undefined && { "certificate-authority-data": Buffer.from(deps.tls.ca).toString("base64") }),
    ...(deps.tls.insecure && { "insecure-skip-tls-verify": true }),
    ...(deps.tls.serverName && { "tls-server-name": deps.tls.serverName }),
  };
  const spec = { interactive: false, ...(plugin.flag("provideClusterInfo") && { cluster }) };
  return {
    name: plugin.name,
    apiVersion,
    argv: [program, ...plugin.texts("args")],
    env: {
      ...Object.fromEntries(given),
      KUBERNETES_EXEC_INFO: JSON.stringify({ apiVersion, kind: "ExecCredential", spec }),
    },
    hint: plugin.text("installHint"),
  };
}

interface Printed {
  readonly credential: Credential;
  readonly endsAt: Date | undefined;
}

/** @throws Failure "unauthenticated"; arguments and output stay out of the message, since both may hold secrets */
async function runPlugin(settings: Settings): Promise<Printed> {
  const { argv, env, name, hint } = settings;
  const fail = (why: string) =>
    new Failure("unauthenticated", `${name}: the plugin ${argv[0]} ${why}${hint ? `; ${hint.trim()}` : ""}`);
  const signal = new AbortController().signal; // bounded by its timeout: many requests wait for this one call
  const { stdout } = await exec(argv, { timeoutMs: pluginTimeoutMs, signal, env }).catch((error: unknown) => {
    const { code } = failureOf(error);
    if (code === "notFound") throw fail("is not installed");
    if (code === "timeout") throw fail(`did not end within ${pluginTimeoutMs} ms`);
    throw fail("failed; run it by hand to see why");
  });
  const status = statusOf(stdout, settings.apiVersion, fail);
  const { token, clientCertificateData, clientKeyData, expirationTimestamp } = status;
  const certificate =
    typeof clientCertificateData === "string" && typeof clientKeyData === "string"
      ? { certificatePem: clientCertificateData, keyPem: clientKeyData }
      : undefined;
  if (typeof token !== "string" && !certificate) throw fail("printed neither a token nor a certificate with its key");
  const login = typeof token === "string" ? bearer(token) : { headers: {} };
  const endsAt = typeof expirationTimestamp === "string" ? new Date(expirationTimestamp) : undefined;
  return { credential: { ...login, ...(certificate && { certificate }) }, endsAt };
}

function statusOf(stdout: string, apiVersion: string, fail: (why: string) => Failure): Record<string, unknown> {
  let printed: unknown;
  try {
    printed = JSON.parse(stdout);
  } catch {
    throw fail("printed something that is not JSON"); // the parser's message would quote it
  }
  const credential = (printed ?? {}) as { kind?: unknown; apiVersion?: unknown; status?: unknown }; // each field is checked
  if (credential.kind !== "ExecCredential" || credential.apiVersion !== apiVersion)
    throw fail(`did not print an ExecCredential of ${apiVersion}`);
  if (typeof credential.status !== "object" || credential.status === null) throw fail("printed no status");
  return credential.status as Record<string, unknown>; // each field is checked where it is used
}
