import { Command } from "commander";

export const demoCommand = () =>
  new Command("demo")
    .description(
      "Show the whole walk: claims, writers, a group snapshot, its restore, the proof, and nothing left behind.",
    )
    .option("--json", "say each step as a line of JSON", false)
    .option("--keep", "leave the cluster and its objects there at the end", false)
    .action(async (options: { readonly json: boolean; readonly keep: boolean }) => {
      const { runDemo } = await import("../demo/demo.ts");
      process.exitCode = (await runDemo(options)) ? 0 : 1;
    });
