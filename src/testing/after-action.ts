import type { Csi } from "../csi/client.ts";
import type { Client } from "../kube/client/client.ts";

/** Stands between a process and its peers, and sees each of its effects: writes to the API and calls to the driver. */
export interface Between {
  client(client: Client): Client;
  csi(csi: Csi): Csi;
}

/**
 * Calls `after` when an effect has happened, before the process knows of it. What `after` throws, the process meets in
 * place of the answer: a process that died in that instant.
 */
export function afterEachEffect(after: (effect: string) => Promise<void>): Between {
  const then = async <T>(effect: string, answer: Promise<T>): Promise<T> => {
    const known = await answer;
    await after(effect);
    return known;
  };
  return {
    client: (client) => ({
      get: (resource, at, call) => client.get(resource, at, call),
      find: (resource, at, call) => client.find(resource, at, call),
      list: (resource, call) => client.list(resource, call),
      watch: (resource, call) => client.watch(resource, call),
      raw: (request) => client.raw(request),
      create: (resource, draft, call) => then(`create ${resource.kind}`, client.create(resource, draft, call)),
      update: (resource, object, call) => then(`update ${resource.kind}`, client.update(resource, object, call)),
      updateStatus: (resource, object, call) =>
        then(`status of ${resource.kind}`, client.updateStatus(resource, object, call)),
      patch: (resource, at, patch, call) => then(`patch ${resource.kind}`, client.patch(resource, at, patch, call)),
      delete: (resource, at, call) => then(`delete ${resource.kind}`, client.delete(resource, at, call)),
    }),
    csi: (csi) => ({
      ...csi,
      groupController: {
        ...csi.groupController,
        createVolumeGroupSnapshot: (request, call) =>
          then("CreateVolumeGroupSnapshot", csi.groupController.createVolumeGroupSnapshot(request, call)),
        deleteVolumeGroupSnapshot: (request, call) =>
          then("DeleteVolumeGroupSnapshot", csi.groupController.deleteVolumeGroupSnapshot(request, call)),
      },
    }),
  };
}
