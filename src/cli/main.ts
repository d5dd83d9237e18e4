#!/usr/bin/env node
import { Command } from "commander";
import { failureOf } from "../lib/failure.ts";
import { version } from "../lib/version.ts";
import { apiserverCommand } from "./commands/apiserver.ts";
import { blockEngineCommand } from "./commands/block-engine.ts";
import { completionCommand } from "./commands/completion.ts";
import { conformanceCommand } from "./commands/conformance.ts";
import { csiSnapshotterCommand } from "./commands/csi-snapshotter.ts";
import { demoCommand } from "./commands/demo.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { driverCommand } from "./commands/driver.ts";
import { freezeWatchdogCommand } from "./commands/freeze-watchdog.ts";
import { migrateStorageCommand } from "./commands/migrate-storage.ts";
import { nodeCommand } from "./commands/node.ts";
import { provisionerCommand } from "./commands/provisioner.ts";
import { snapshotControllerCommand } from "./commands/snapshot-controller.ts";
import { startCommand } from "./commands/start.ts";
import { verifyCommand } from "./commands/verify.ts";
import { volumesCommand } from "./commands/volumes.ts";
import { webhookCommand } from "./commands/webhook.ts";
import { fromGoFlags } from "./go-flags.ts";

const program = new Command("groupsnap")
  .description("Snapshots of many volumes at one instant, for Kubernetes.")
  .version(version)
  .configureHelp({ sortOptions: true });

for (const command of [
  startCommand(),
  demoCommand(),
  volumesCommand(),
  verifyCommand(),
  conformanceCommand(),
  snapshotControllerCommand(),
  csiSnapshotterCommand(),
  provisionerCommand(),
  driverCommand(),
  apiserverCommand(),
  nodeCommand(),
  webhookCommand(),
  doctorCommand(),
  migrateStorageCommand(),
])
  program.addCommand(command);
program.addCommand(completionCommand(program));
program.addCommand(blockEngineCommand(), { hidden: true });
program.addCommand(freezeWatchdogCommand(), { hidden: true });

pointToHelp(program);

try {
  await program.parseAsync([...fromGoFlags(process.argv.slice(2))], { from: "user" });
} catch (error) {
  process.stderr.write(`groupsnap: ${failureOf(error).message}\n`);
  process.exitCode = 1;
}

/** What every refusal of a command line ends with: where to read what there is, of that very command. */
function pointToHelp(command: Command, path = command.name()): void {
  command.showHelpAfterError(`(see ${path} --help)`);
  for (const sub of command.commands) pointToHelp(sub, `${path} ${sub.name()}`);
}
