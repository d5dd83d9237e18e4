import { crds } from "../../src/api/crds.ts";
import { groupConverters } from "../../src/api/group-snapshot/converters.ts";
import { type ThrowAwayApi, throwAwayApi } from "../../src/testing/cluster.ts";
import { type Program, program } from "../../src/testing/program.ts";
import { type ScriptedDriver, scriptedDriver } from "../../src/testing/scripted-driver.ts";
import { aShop, type Shop } from "../conformance/shop.ts";

/** A shop on an embedded API and a scripted driver, and the built program to work on it. */
export interface ShopOnEmbedded {
  readonly api: ThrowAwayApi;
  readonly driver: ScriptedDriver;
  readonly groupsnap: Program;
  readonly shop: Shop;
  stop(): Promise<void>;
}

export async function shopOnEmbedded(): Promise<ShopOnEmbedded> {
  const api = await throwAwayApi({
    crds,
    converters: groupConverters,
  });
  const driver = await scriptedDriver();
  const groupsnap = program();
  const shop = await aShop({ kubeconfig: api.kubeconfigPath, csiAddress: driver.address, namespace: "shop" });
  return {
    api,
    driver,
    groupsnap,
    shop,
    async stop() {
      await groupsnap.clean();
      shop.close();
      await driver.stop();
      await api.stop();
    },
  };
}
