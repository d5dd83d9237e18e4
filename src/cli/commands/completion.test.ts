import { Command } from "commander";
import { expect, test } from "vitest";
import { exec } from "../../lib/exec.ts";
import { completionCommand, wordsOf } from "./completion.ts";

const sample = () => {
  const program = new Command("groupsnap");
  program.command("verify").description("Test the order").command("write").option("--writers <n>", "how many");
  program.command("block-engine", { hidden: true });
  return program;
};

test("knows commands, subcommands and options, and keeps hidden commands to itself", () => {
  expect(
    wordsOf(sample()).map(({ path, commands, options }) => [path, commands.map((sub) => sub.name), options]),
  ).toEqual([
    ["", ["verify"], []],
    ["verify", ["write"], []],
    ["verify write", [], ["--writers"]],
  ]);
});

test("the script for bash completes a subcommand's options in a real bash", async () => {
  const program = sample();
  let script = "";
  const write = process.stdout.write;
  process.stdout.write = ((text: string) => {
    script += text;
    return true;
  }) as typeof write;
  await completionCommand(program)
    .parseAsync(["bash"], { from: "user" })
    .finally(() => {
      process.stdout.write = write;
    });
  const probe = `${script}\nCOMP_WORDS=(groupsnap verify write --w); COMP_CWORD=3; _groupsnap; echo "\${COMPREPLY[*]}"`;
  const { stdout } = await exec(["bash", "-c", probe], { timeoutMs: 5000, signal: AbortSignal.timeout(6000) });
  expect(stdout.trim()).toBe("--writers");
});
