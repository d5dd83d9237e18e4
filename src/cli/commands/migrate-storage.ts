import { Command, Option } from "commander";
import { groupSnapshotCrds } from "../../api/group-snapshot/crds.ts";
import { type GroupVersion, groupVersions, isStrict, storedGroupVersion } from "../../api/group-snapshot/versions.ts";
import { type Definition, definitions } from "../../kube/core/definition.ts";
import { storeIn, strategyOf } from "../../kube/stored-version.ts";
import { systemClock } from "../../lib/clock.ts";
import { Failure } from "../../lib/failure.ts";
import { kubeconfigOption } from "../options.ts";

/** Ten thousand objects take a minute or two; whatever takes longer has no API server behind it. */
const limitMs = 600_000;

export const migrateStorageCommand = () =>
  new Command("migrate-storage")
    .description("Store all objects of the group kinds in one version, before definitions go that know another.")
    .addOption(kubeconfigOption())
    .addOption(
      new Option("--to <version>", "version to store them in").choices([...groupVersions]).default(storedGroupVersion),
    )
    .addHelpText(
      "after",
      `
Back to upstream's v8.2 and v8.3 it is --to v1beta1, to v8.1 and older --to v1alpha1, with the webhook running.`,
    )
    .action(async ({ to, kubeconfig }: { readonly to: GroupVersion; readonly kubeconfig?: string }) => {
      const { connect } = await import("../../processes/connect.ts");
      const client = await connect({ ...(kubeconfig && { kubeconfig }), userAgent: "groupsnap-cli" });
      const signal = AbortSignal.timeout(limitMs);
      const names = groupSnapshotCrds.map(({ metadata }) => metadata.name);
      const found = await Promise.all(names.map((name) => client.get(definitions, { name }, { signal })));
      for (const definition of found) checkConversion(definition, to);
      for (const name of names) {
        const count = await storeIn({ client, name, version: to, clock: systemClock, signal });
        process.stdout.write(`${name}: ${count} objects are stored in ${to}\n`);
      }
    });

/** Without a webhook the API server changes names alone: members would be lost between the old shapes and the new one. */
function checkConversion(definition: Definition, to: GroupVersion): void {
  const { storedVersions = [] } = definition.status ?? {};
  const areOne = storedVersions.every((version) => version === to);
  const areAlike = areOne || [to, ...storedVersions].every((version) => isStrict(version as GroupVersion)); // false for any other
  if (strategyOf(definition) === "Webhook" || areAlike) return;
  throw new Failure(
    "precondition",
    `${definition.metadata.name} is not converted by a webhook, and what is stored in ${storedVersions.join(", ")} would ` +
      `lose its members on the way to ${to}; start groupsnap webhook first`,
  );
}
