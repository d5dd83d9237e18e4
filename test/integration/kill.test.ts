import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { groupContents, groupSnapshots } from "../../src/api/group-snapshot/resources.ts";
import { contents, snapshots } from "../../src/api/snapshot/resources.ts";
import { group as demoGroup, namespace } from "../../src/cli/demo/objects.ts";
import { walkOn } from "../../src/cli/demo/walk.ts";
import type { Client } from "../../src/kube/client/client.ts";
import { waitFor } from "../../src/kube/client/wait.ts";
import type { Resource } from "../../src/kube/object.ts";
import { connect } from "../../src/processes/connect.ts";
import { clusterArgs, type Program, program } from "../../src/testing/program.ts";

let groupsnap: Program;
beforeEach(() => {
  groupsnap = program();
});
afterEach(() => groupsnap.clean());

const groupCount = 20;
const names = Array.from({ length: groupCount }, (_, n) => `group-${n}`);
const everyKind: readonly Resource[] = [groupSnapshots, groupContents, snapshots, contents];
const call = () => ({ signal: AbortSignal.timeout(30_000) });

async function startAndConnect(dataDir: string) {
  const daemon = await groupsnap.start(clusterArgs(dataDir));
  return { daemon, client: await connect({ kubeconfig: daemon.ready.replace("kubeconfig ", ""), userAgent: "test" }) };
}

const createGroup = (client: Client, name: string) =>
  client.create(
    groupSnapshots,
    { ...demoGroup, apiVersion: "groupsnapshot.storage.k8s.io/v1", metadata: { name, namespace } },
    call(),
  );

test("finishes or removes each of 20 group snapshots after kill -9 in the middle of them, and loses no acknowledged write", async () => {
  const dataDir = join(groupsnap.folder, "d");
  const first = await startAndConnect(dataDir);
  const walk = walkOn(first.client, call().signal);
  await walk.prepare();
  await walk.createClaims(["pvc-0", "pvc-1"]);
  await walk.label(["pvc-0", "pvc-1"]);

  const acknowledged = new Set<string>();
  const creating = names.map((name) => createGroup(first.client, name).then(() => acknowledged.add(name)));
  await Promise.race([creating[groupCount / 2], Promise.all(creating)]);
  await waitFor(
    first.client,
    groupSnapshots,
    { namespace, name: names[3] ?? "" },
    {
      what: "a group in the middle of its life",
      until: (group) => group?.status?.boundVolumeGroupSnapshotContentName !== undefined,
      ...call(),
    },
  );
  await first.daemon.end("SIGKILL");
  await Promise.allSettled(creating);

  const second = await startAndConnect(dataDir);
  const { items: survivors } = await second.client.list(groupSnapshots, { namespace, ...call() });
  const survived = survivors.map(({ metadata }) => metadata.name);
  expect([...acknowledged].filter((name) => !survived.includes(name))).toEqual([]);
  for (const name of survived)
    await waitFor(
      second.client,
      groupSnapshots,
      { namespace, name },
      {
        what: `group ${name} to be ready after the restart`,
        until: (group) => group?.status?.readyToUse === true,
        ...call(),
      },
    );

  const { items: members } = await second.client.list(snapshots, { namespace, ...call() });
  expect(members).toHaveLength(2 * survived.length);
  expect(members.filter((member) => member.status?.readyToUse !== true)).toEqual([]);
  expect(imagesOfSnapshots(dataDir)).toHaveLength(members.length);

  for (const name of survived) await second.client.delete(groupSnapshots, { namespace, name }, call());
  for (const resource of everyKind)
    for (const { metadata } of (await second.client.list(resource, call())).items)
      await waitFor(
        second.client,
        resource,
        { namespace: metadata.namespace, name: metadata.name },
        {
          what: `${metadata.name} to be gone`,
          until: (object) => object === undefined,
          ...call(),
        },
      );
  expect(imagesOfSnapshots(dataDir)).toEqual([]);
});

const imagesOfSnapshots = (dataDir: string) =>
  readdirSync(join(dataDir, "pool", "snapshots"), { recursive: true }).filter((name) => String(name).endsWith(".img"));
