import { Command } from "commander";
import { Failure } from "../../lib/failure.ts";
import type { WebhookOptions } from "../../processes/webhook.ts";
import { addLogOptions, kubeconfigOption, type LogFlags, wholeNumber } from "../options.ts";
import { runProcess } from "../run.ts";

export const webhookCommand = () =>
  addLogOptions(new Command("webhook"))
    .description("Convert between the versions of the group kinds, for a cluster's API server.")
    .option("--port <n>", "port to listen on; 0 picks a free one", wholeNumber(0, 65_535), 443)
    .option("--bind-address <ip>", "address to listen on; all of them by default")
    .option("--tls-cert-file <file>", "certificate to show; read again when it changes")
    .option("--tls-private-key-file <file>", "its private key")
    .option("--url <url>", "where the API server finds the webhook: https://HOST:PORT/convert")
    .option("--service-name <name>", "the same as a service of the cluster")
    .option("--service-namespace <name>", "the service's namespace")
    .addOption(kubeconfigOption())
    .addHelpText(
      "after",
      `
With --url or --service-name and without certificate files it makes a certificate of its own, and keeps the group kinds'
CustomResourceDefinitions pointed at itself. With certificate files it leaves the definitions alone.`,
    )
    .action(async (flags: WebhookFlags) => {
      const { startWebhook } = await import("../../processes/webhook.ts");
      await runProcess({ ...flags, name: "webhook" }, async (around) => startWebhook(optionsOf(flags), around));
    });

interface WebhookFlags extends LogFlags {
  readonly port: number;
  readonly bindAddress?: string;
  readonly tlsCertFile?: string;
  readonly tlsPrivateKeyFile?: string;
  readonly url?: string;
  readonly serviceName?: string;
  readonly serviceNamespace?: string;
  readonly kubeconfig?: string;
}

function optionsOf(flags: WebhookFlags): WebhookOptions {
  const { port, bindAddress, kubeconfig } = flags;
  const files = together(flags.tlsCertFile, flags.tlsPrivateKeyFile, "--tls-cert-file and --tls-private-key-file");
  const service = together(flags.serviceName, flags.serviceNamespace, "--service-name and --service-namespace");
  const places = [
    ...(flags.url === undefined ? [] : [{ url: flags.url }]),
    ...(service ? [{ serviceName: service[0], serviceNamespace: service[1] }] : []),
  ];
  if (places.length + (files ? 1 : 0) > 1)
    throw new Failure("invalid", "give only one of --tls-cert-file, --url and --service-name");
  return {
    port,
    ...(bindAddress && { bindAddress }),
    ...(kubeconfig && { kubeconfig }),
    ...(files && { files: { certPath: files[0], keyPath: files[1] } }),
    ...(places[0] && { reached: places[0] }),
  };
}

function together(a: string | undefined, b: string | undefined, both: string): readonly [string, string] | undefined {
  if (a !== undefined && b !== undefined) return [a, b];
  if (a === undefined && b === undefined) return undefined;
  throw new Failure("invalid", `${both} belong together: give both of them`);
}
