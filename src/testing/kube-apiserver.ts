import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeKubeconfig } from "../apiserver/config/kubeconfig.ts";
import { createAuthority, issueCertificate, type KeyPair } from "../lib/certificate.ts";
import { systemClock } from "../lib/clock.ts";
import { systemRandom } from "../lib/random.ts";
import { connect } from "../processes/connect.ts";

/** A real kube-apiserver with its etcd, in a folder that goes with it. */
export interface KubeApiserver {
  readonly kubeconfigPath: string;
  readonly url: string;
  readonly caPem: string;
  /** Bearer token of the cluster admin. */
  readonly adminToken: string;
  readonly clientCertPem: string;
  readonly clientKeyPem: string;
  /** Where its etcd listens. */
  readonly etcdUrl: string;
  /** Kills kube-apiserver (kill -9), starts it again on what etcd holds, and resolves when it is ready. */
  restart(): Promise<void>;
  /** Stops etcd in its tracks (SIGSTOP): what needs it hangs until the returned function is called. */
  freezeEtcd(): () => void;
  stop(): Promise<void>;
}

/** kube-apiserver answers about 3 s after its start; on a busy machine it takes several times that. */
const readyLimitMs = 60_000;

/**
 * Starts etcd and kube-apiserver from a folder of binaries, with RBAC on and a cluster admin's kubeconfig.
 *
 * @param binaries the folder that KUBEBUILDER_ASSETS names
 * @param moreFlags for kube-apiserver
 * @throws Error with the end of the server's log if it does not become ready
 */
export async function kubeApiserver(binaries: string, moreFlags: readonly string[] = []): Promise<KubeApiserver> {
  const folder = mkdtempSync(join(tmpdir(), "gs-real-"));
  const [etcdPort = 0, peerPort = 0, port = 0] = await freePorts(3);
  const { authority, admin } = await writeKeys(folder);
  const etcd = run(join(binaries, "etcd"), etcdFlags(folder, etcdPort, peerPort), join(folder, "etcd.log"));
  const flags = [...apiserverFlags(folder, { etcdPort, port }), ...moreFlags];
  const start = () => run(join(binaries, "kube-apiserver"), flags, join(folder, "apiserver.log"));
  let apiserver = start();
  const stop = async () => {
    for (const child of [apiserver, etcd]) await kill(child);
    rmSync(folder, { recursive: true, force: true });
  };
  const kubeconfigPath = join(folder, "kubeconfig");
  const keys = { caPem: authority.certPem, clientCertPem: admin.certPem, clientKeyPem: admin.keyPem };
  const url = `https://127.0.0.1:${port}`;
  writeKubeconfig(kubeconfigPath, { url, ...keys, token: adminToken });
  const becomeReady = async () => {
    try {
      await untilReady(kubeconfigPath);
    } catch (error) {
      const log = readFileSync(join(folder, "apiserver.log"), "utf8").slice(-2000);
      await stop();
      throw new Error(`kube-apiserver did not become ready within ${readyLimitMs} ms: ${log}`, { cause: error });
    }
  };
  await becomeReady();
  return {
    kubeconfigPath,
    url,
    ...keys,
    adminToken,
    etcdUrl: `http://127.0.0.1:${etcdPort}`,
    async restart() {
      await kill(apiserver);
      apiserver = start();
      await becomeReady();
    },
    freezeEtcd() {
      etcd.kill("SIGSTOP");
      return () => void etcd.kill("SIGCONT");
    },
    stop,
  };
}

const adminToken = "a-token-of-this-test";

async function writeKeys(folder: string): Promise<{ readonly authority: KeyPair; readonly admin: KeyPair }> {
  const around = { now: systemClock.now(), random: systemRandom };
  const authority = await createAuthority({ commonName: "test", ...around });
  const names = ["127.0.0.1", "localhost"];
  const server = await issueCertificate(authority, { commonName: "kube-apiserver", names, use: "server", ...around });
  const admin = await issueCertificate(authority, {
    commonName: "admin",
    organizations: ["system:masters"],
    use: "client",
    ...around,
  });
  const files = { "ca.pem": authority.certPem, "server.pem": server.certPem, "server.key": server.keyPem };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o600 });
  writeFileSync(join(folder, "tokens.csv"), `${adminToken},admin,1,"system:masters"\n`, { mode: 0o600 });
  return { authority, admin };
}

const etcdFlags = (folder: string, port: number, peerPort: number) => [
  `--data-dir=${join(folder, "etcd")}`,
  `--listen-client-urls=http://127.0.0.1:${port}`,
  `--advertise-client-urls=http://127.0.0.1:${port}`,
  `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
  "--unsafe-no-fsync",
];

const apiserverFlags = (folder: string, ports: { readonly etcdPort: number; readonly port: number }) => [
  `--etcd-servers=http://127.0.0.1:${ports.etcdPort}`,
  "--bind-address=127.0.0.1",
  `--secure-port=${ports.port}`,
  `--cert-dir=${join(folder, "certs")}`,
  `--tls-cert-file=${join(folder, "server.pem")}`,
  `--tls-private-key-file=${join(folder, "server.key")}`,
  `--client-ca-file=${join(folder, "ca.pem")}`,
  `--token-auth-file=${join(folder, "tokens.csv")}`,
  "--authorization-mode=RBAC",
  "--service-cluster-ip-range=198.18.0.0/24",
  "--service-account-issuer=https://kubernetes.default.svc",
  `--service-account-key-file=${join(folder, "server.pem")}`,
  `--service-account-signing-key-file=${join(folder, "server.key")}`,
  "--disable-admission-plugins=ServiceAccount",
];

function run(program: string, flags: readonly string[], logPath: string): ChildProcess {
  const log = openSync(logPath, "a", 0o600);
  const child = spawn(program, flags, { stdio: ["ignore", log, log] });
  closeSync(log);
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

async function untilReady(kubeconfig: string): Promise<void> {
  const signal = AbortSignal.timeout(readyLimitMs);
  const client = await connect({ kubeconfig, userAgent: "test" });
  for (;;) {
    const ready = await client.raw({ method: "GET", path: "/readyz", signal }).then(
      () => true,
      (error: unknown) => /JSON/.test(String(error)), // "ok" is an answer, and no JSON
    );
    if (ready) break;
    await systemClock.sleep(100, signal);
  }
  client.close();
}

/** Ports that were free a moment ago. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === "object" && address ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
