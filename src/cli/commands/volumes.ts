import { Command } from "commander";
import { publishedPathAnnotation } from "../../api/local-driver.ts";
import { type Claim, claims } from "../../kube/core/claim.ts";
import { kubeconfigOption } from "../options.ts";
import { tableLines } from "../table.ts";

/** A list of claims that takes longer has no API server behind it. */
const listLimitMs = 30_000;

export const volumesCommand = () =>
  new Command("volumes")
    .description("List claims, and where their volumes appear on this machine.")
    .addOption(kubeconfigOption())
    .option("-n, --namespace <name>", "only this namespace")
    .action(async (options: { readonly kubeconfig?: string; readonly namespace?: string }) => {
      const { connect } = await import("../../processes/connect.ts");
      const client = await connect({ ...options, userAgent: "groupsnap-cli" });
      const { items } = await client.list(claims, {
        ...(options.namespace ? { namespace: options.namespace } : {}),
        signal: AbortSignal.timeout(listLimitMs),
      });
      for (const line of tableLines(["NAMESPACE", "CLAIM", "STATUS", "CAPACITY", "PATH"], items.map(rowOf)))
        process.stdout.write(`${line}\n`);
    });

const rowOf = (claim: Claim): readonly string[] => [
  claim.metadata.namespace ?? "",
  claim.metadata.name,
  claim.status?.phase ?? "",
  claim.status?.capacity?.storage ?? "",
  claim.metadata.annotations?.[publishedPathAnnotation] ?? "not published here",
];
