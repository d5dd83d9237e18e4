import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exec } from "../../src/lib/exec.ts";
import { type UserCluster, userCluster } from "../../src/testing/user-cluster.ts";
import { binaries } from "./binaries.ts";

/** What a user types, on `groupsnap start`: each command ends well, and prints what it prints on any cluster. */
let cluster: UserCluster;
beforeAll(async () => {
  cluster = await userCluster();
  await kubectl(["apply", "-f", "-"], ["pvc-0", "pvc-1"].map(claim).join("---\n"));
});
afterAll(() => cluster.stop());

const limitMs = 30_000;
const argvOf = (args: readonly string[]): readonly [string, ...string[]] => [
  join(binaries(), "kubectl"),
  "--kubeconfig",
  cluster.kubeconfig,
  "-n",
  "shop",
  ...args,
];
async function kubectl(args: readonly string[], input?: string): Promise<string> {
  const signal = AbortSignal.timeout(limitMs);
  const { stdout } = await exec(argvOf(args), {
    timeoutMs: limitMs,
    signal,
    ...(input === undefined ? {} : { input }),
  });
  return stdout;
}

const claim = (name: string) => `apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: ${name}
spec:
  accessModes: [ReadWriteOnce]
  resources: { requests: { storage: 1Mi } }
`;

/** The example of Kubernetes' introduction of group snapshots, but for its class's name, which no cluster accepts. */
const example = (version: string) => `apiVersion: groupsnapshot.storage.k8s.io/${version}
kind: VolumeGroupSnapshotClass
metadata:
  name: csi-groupsnapclass
  annotations:
    kubernetes.io/description: "a class"
driver: local.csi.groupsnap.dev
deletionPolicy: Delete
---
apiVersion: groupsnapshot.storage.k8s.io/${version}
kind: VolumeGroupSnapshot
metadata:
  name: demo-${version}
spec:
  volumeGroupSnapshotClassName: csi-groupsnapclass
  source:
    selector:
      matchLabels:
        group: myGroup
`;

test("label puts the label of the group on two claims, and get shows it", async () => {
  expect(await kubectl(["label", "pvc", "pvc-0", "pvc-1", "group=myGroup"])).toMatch(
    /pvc-0 labeled[\s\S]*pvc-1 labeled/,
  );
  expect(await kubectl(["get", "pvc", "-l", "group=myGroup", "-o", "name"])).toBe(
    "persistentvolumeclaim/pvc-0\npersistentvolumeclaim/pvc-1\n",
  );
});

describe.each(["v1alpha1", "v1beta1", "v1beta2", "v1"])("the introduction's example in %s", (version) => {
  const name = `demo-${version}`;
  const vgs = `volumegroupsnapshots.${version}.groupsnapshot.storage.k8s.io/${name}`;

  test(`is created by apply in ${version}, waited for, shown, and found unchanged by the next apply`, async () => {
    expect(await kubectl(["apply", "-f", "-"], example(version))).toContain(
      `volumegroupsnapshot.groupsnapshot.storage.k8s.io/${name} created`,
    );
    expect(await kubectl(["wait", "--for=jsonpath=.status.readyToUse=true", `vgs/${name}`, "--timeout=20s"])).toContain(
      "condition met",
    );
    expect(await kubectl(["get", vgs])).toMatch(
      new RegExp(`READYTOUSE.*\\n${name} +true +csi-groupsnapclass +groupsnapcontent-`),
    );
    expect(await kubectl(["get", vgs, "-o", "jsonpath={.apiVersion}"])).toBe(`groupsnapshot.storage.k8s.io/${version}`);
    expect(await kubectl(["apply", "-f", "-"], example(version))).toContain(`${name} unchanged`);
    expect(await kubectl(["diff", "-f", "-"], example(version))).toBe("");
  });

  test(`is changed by apply in ${version} and described with its events`, async () => {
    const labelled = example(version).replace(`  name: ${name}\n`, `  name: ${name}\n  labels: { tier: gold }\n`);
    expect(await kubectl(["apply", "-f", "-"], labelled)).toContain(`${name} configured`);
    expect(await kubectl(["get", vgs, "-o", "jsonpath={.metadata.labels.tier}"])).toBe("gold");
    const described = await kubectl(["describe", vgs]);
    expect(described).toMatch(/Ready To Use: +true/);
    expect(described).toMatch(/Events:[\s\S]*GroupSnapshotReady/);
    const changed = example(version).replace("group: myGroup", "group: other");
    await expect(kubectl(["apply", "-f", "-"], changed)).rejects.toThrow(/source.selector cannot be changed/);
  });

  test(`is explained in ${version} field by field`, async () => {
    const explained = await kubectl([
      "explain",
      "vgs.spec.source",
      `--api-version=groupsnapshot.storage.k8s.io/${version}`,
    ]);
    expect(explained).toMatch(new RegExp(`VERSION: +${version}\\n`));
    expect(explained).toMatch(/selector\s+<Object>/);
    expect(explained).toMatch(/exactly one field is set/);
  });

  test(`goes with its members in ${version}, while get -w watches`, async () => {
    const watching = watch(["get", "vgs", "-w", "--output-watch-events", "--no-headers"]);
    await watching.seen(/^ADDED /m);
    expect(await kubectl(["delete", vgs, "--timeout=20s"])).toContain(`"${name}" deleted`);
    await watching.seen(/^DELETED /m);
    await watching.end();
    const left = () => kubectl(["get", "vgs,vs,vgsc,vsc", "-o", "name"]);
    await expect.poll(left, { timeout: limitMs }).toBe("");
  });
});

test("explain vgs tells what the kind is for", async () => {
  expect(await kubectl(["explain", "vgs"])).toMatch(
    /KIND: +VolumeGroupSnapshot\n[\s\S]*A snapshot of several volumes at one instant/,
  );
});

test("apply refuses a field that there is not, and the class's name of the introduction as it stands", async () => {
  const misspelt = example("v1").replace("matchLabels", "matchLabel");
  await expect(kubectl(["apply", "-f", "-"], misspelt)).rejects.toThrow(
    /unknown field "spec.source.selector.matchLabel"/,
  );
  const upper = example("v1alpha1").replaceAll("csi-groupsnapclass", "csi-groupSnapclass");
  await expect(kubectl(["apply", "-f", "-"], upper)).rejects.toThrow(
    /metadata.name: Invalid value: "csi-groupSnapclass"/,
  );
});

/** A command that goes on until it is ended. */
function watch(args: readonly string[]) {
  const [program, ...rest] = argvOf(args);
  const child = spawn(program, rest, { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  let check: () => void = () => undefined;
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString();
    check();
  });
  return {
    seen: (wanted: RegExp) =>
      new Promise<void>((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`never saw ${wanted}, only ${text}`)), limitMs);
        check = () => {
          if (!wanted.test(text)) return;
          clearTimeout(late);
          resolve();
        };
        check();
      }),
    async end() {
      const ended = once(child, "exit");
      child.kill();
      await ended;
    },
  };
}
