import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../lib/clock.ts";
import { Failure } from "../../lib/failure.ts";
import { systemRandom } from "../../lib/random.ts";
import { type ThrowAwayApi, throwAwayApi } from "../../testing/cluster.ts";
import { things } from "../../testing/history-api.ts";
import { answer, scriptedHttp, storedThing } from "../../testing/scripted-http.ts";
import { leases } from "../core/lease.ts";
import { bearer, fixedCredentials } from "./connection.ts";
import { type KubeClient, kubeClient } from "./kube-client.ts";
import { loadConfig } from "./kubeconfig.ts";

const { signal } = new AbortController();
const around = { userAgent: "test", clock: systemClock, random: systemRandom };
const lease = (name: string) => ({
  apiVersion: "coordination.k8s.io/v1",
  kind: "Lease",
  metadata: { namespace: "default", name },
});

let api: ThrowAwayApi;
let door: Server;
/** Connections that were made, and what they brought, while the door was shut. */
const waiting: Socket[] = [];
beforeAll(async () => {
  api = await throwAwayApi();
  door = createServer((socket) => void waiting.push(socket.pause())).listen(0, "127.0.0.1");
  await once(door, "listening");
});
afterAll(async () => {
  door.close();
  await api.stop();
});

/** A client behind the door. */
async function client(permit: () => void): Promise<KubeClient> {
  const config = await loadConfig({ kubeconfig: api.kubeconfigPath });
  const server = `https://127.0.0.1:${(door.address() as AddressInfo).port}`;
  return kubeClient({ ...around, config: { ...config, server }, permit });
}

function openDoor(): void {
  for (const socket of waiting.splice(0)) {
    const beyond = connect(Number(new URL(api.url).port), "127.0.0.1");
    socket.pipe(beyond).pipe(socket);
    beyond.on("error", () => socket.destroy());
    socket.on("error", () => beyond.destroy());
  }
}

const denied = new Failure("unavailable", "the lease is lost");

test("a write whose permit runs out while its connection is made is never sent", async () => {
  let isPermitted = true;
  const behind = await client(() => {
    if (!isPermitted) throw denied;
  });
  const creating = behind.create(leases, lease("late"), { signal });
  await once(door, "connection");
  isPermitted = false;
  openDoor();
  await expect(creating).rejects.toThrow("the lease is lost");
  isPermitted = true;
  const found = behind.find(leases, { namespace: "default", name: "late" }, { signal });
  await once(door, "connection");
  openDoor();
  expect(await found).toBeUndefined();
  const created = await behind.create(leases, lease("in-time"), { signal });
  expect(created.metadata.name).toBe("in-time");
  behind.close();
});

test("every kind of write asks for its permit, on kept connections too, and no read does", async () => {
  const http = await scriptedHttp();
  let asked = 0;
  const asking = kubeClient({
    ...around,
    config: { server: http.address, tls: {}, credentials: fixedCredentials(bearer("x")), namespace: "default" },
    permit: () => {
      asked++;
      throw denied;
    },
  });
  http.handler = (_request, response) => answer(response, 200, storedThing("a"));
  const at = { namespace: "demo", name: "a" };
  const thing = storedThing("a");
  await asking.get(things, at, { signal });
  expect(asked).toBe(0);
  for (const write of [
    () => asking.create(things, thing, { signal }),
    () => asking.update(things, thing, { signal }),
    () => asking.updateStatus(things, thing, { signal }),
    () => asking.patch(things, at, { type: "merge", patch: {} }, { signal }),
    () => asking.delete(things, at, { signal }),
    () => asking.raw({ method: "POST", path: "/", signal }),
  ])
    await expect(write()).rejects.toThrow("the lease is lost");
  expect([asked, http.seen.map(({ method }) => method)]).toEqual([6, ["GET"]]);
  asking.close();
  http.close();
});

test("a write that is repeated on a new connection asks for its permit again", async () => {
  const http = await scriptedHttp();
  let asked = 0;
  const asking = kubeClient({
    ...around,
    config: { server: http.address, tls: {}, credentials: fixedCredentials(bearer("x")), namespace: "default" },
    permit: () => {
      if (++asked === 2) throw denied;
    },
  });
  http.handler = (request, response) =>
    request.method === "GET" ? answer(response, 200, storedThing("a")) : request.socket.resetAndDestroy();
  await asking.get(things, { namespace: "demo", name: "a" }, { signal });
  await expect(asking.update(things, storedThing("a"), { signal })).rejects.toThrow("the lease is lost");
  expect([asked, http.seen.map(({ method }) => method)]).toEqual([2, ["GET", "PUT"]]);
  asking.close();
  http.close();
});
