import type { Command } from "commander";
import { expect, test } from "vitest";
import { csiSnapshotterCommand } from "../../src/cli/commands/csi-snapshotter.ts";
import { snapshotControllerCommand } from "../../src/cli/commands/snapshot-controller.ts";
import { durationMs } from "../../src/cli/go-flags.ts";
import { exec } from "../../src/lib/exec.ts";
import { binaries } from "./binaries.ts";

/** A flag as Go's help has it: what it is called, and its default where help tells one. */
interface GoFlag {
  readonly name: string;
  readonly usual: string | undefined;
}

async function upstreamFlags(program: string): Promise<readonly GoFlag[]> {
  const limit = { timeoutMs: 20_000, signal: AbortSignal.timeout(20_000) };
  const { stdout, stderr } = await exec([`${binaries()}/${program}`, "--help"], limit);
  const [, ...parts] = `${stdout}${stderr}`.split(/^ {2}-/m);
  return parts.map((part) => ({
    name: /^[\w-]+/.exec(part)?.[0] ?? "",
    usual: /\(default "?([^")]*)"?\)\s*$/.exec(part)?.[1],
  }));
}

const optionOf = (command: Command, { name }: GoFlag) =>
  command.options.find(({ long, short }) => long === `--${name}` || short === `-${name}`);

/** Where ours is another on purpose, or differs by the kind of failure, as the guide to flags says. */
const betterDefaults = [
  "kube-api-qps",
  "kube-api-burst",
  "logging-format",
  "retry-interval-start",
  "retry-interval-max",
];

test.each([
  { program: "snapshot-controller", command: snapshotControllerCommand() },
  { program: "csi-snapshotter", command: csiSnapshotterCommand() },
])(
  "$program takes every flag that upstream's takes, with its default unless the guide says otherwise",
  async ({ program, command }) => {
    const flags = await upstreamFlags(program);
    expect(flags.length).toBeGreaterThan(25);
    expect(flags.filter((flag) => !optionOf(command, flag)).map(({ name }) => name)).toEqual([]);
    const ours = flags.filter(({ name, usual }) => usual !== undefined && !betterDefaults.includes(name));
    const differing = ours.filter((flag) => {
      const { defaultValue, hidden } = optionOf(command, flag) ?? {};
      return !hidden && !isSame(flag.usual ?? "", defaultValue);
    });
    expect(differing.map(({ name }) => name)).toEqual([]);
    expect(ours.length).toBeGreaterThan(8);
  },
);

function isSame(usual: string, ours: unknown): boolean {
  return /^[\d.hms]+[hms]$/.test(usual) ? durationMs(usual) === ours : usual === String(ours);
}
