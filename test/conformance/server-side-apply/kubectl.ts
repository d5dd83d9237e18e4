import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text as read } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { binaries } from "../binaries.ts";
import { bothNow } from "./same.ts";

const limitMs = 60_000;

async function run(which: "embedded" | "real", args: readonly string[], input = "", env: NodeJS.ProcessEnv) {
  const all = ["--kubeconfig", bothNow().kubeconfigs[which], "-n", "default", ...args];
  const child = spawn(join(binaries(), "kubectl"), all, { env: { ...process.env, ...env }, timeout: limitMs });
  child.stdin.end(input);
  const [stdout, stderr, [code]] = await Promise.all([read(child.stdout), read(child.stderr), once(child, "close")]);
  return { code: code as unknown, stdout, stderr };
}

const yaml = (size: number, more = "") => `apiVersion: v1
kind: ConfigMap
metadata: {name: kubectl}
data: {size: "${size}"${more}}
`;
const serverSide = (...more: readonly string[]) => ["apply", "--server-side", ...more, "-f", "-"];

describe.each(["embedded", "real"] as const)("kubectl on the %s server", (which) => {
  const kubectl = (args: readonly string[], input = "", env: NodeJS.ProcessEnv = {}) => run(which, args, input, env);

  test(`applies on the server's side, stops at a conflict, and goes on by force (${which})`, async () => {
    expect((await kubectl(serverSide(), yaml(1))).stdout).toBe("configmap/kubectl serverside-applied\n");
    expect(await kubectl(serverSide("--field-manager=other"), yaml(2))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('conflict with "kubectl": .data.size'),
    });
    expect((await kubectl(serverSide("--field-manager=other", "--force-conflicts"), yaml(2))).code).toBe(0);
    const shown = (await kubectl(["get", "configmap", "kubectl", "-o", "yaml", "--show-managed-fields"])).stdout;
    expect(shown).toMatch(/managedFields:[\s\S]*f:size: \{\}[\s\S]*manager: other\n +operation: Apply/);
    expect((await kubectl(["get", "configmap", "kubectl", "-o", "yaml"])).stdout).not.toContain("managedFields");
  });

  test(`shows what an apply on the server's side would change, and nothing where it would not (${which})`, async () => {
    await kubectl(serverSide("--field-manager=other", "--force-conflicts"), yaml(2));
    const args = ["diff", "--server-side", "--field-manager=other", "-f", "-"];
    expect(await kubectl(args, yaml(2))).toMatchObject({ code: 0, stdout: "" });
    const changed = await kubectl(args, yaml(3));
    expect(changed.code).toBe(1);
    expect(changed.stdout).toMatch(/-\s+size: "2"\n\+\s+size: "3"/);
  });

  test(`edits as one who updates, and takes the field (${which})`, async () => {
    await kubectl(serverSide("--field-manager=other", "--force-conflicts"), yaml(2));
    const edited = await kubectl(["edit", "configmap", "kubectl"], "", { EDITOR: `sed -i 's/size: "2"/size: "4"/'` });
    expect(edited.stdout).toBe("configmap/kubectl edited\n");
    const owners = await kubectl([
      "get",
      "configmap",
      "kubectl",
      "-o",
      'jsonpath={range .metadata.managedFields[*]}{.manager} {.operation}{"\\n"}{end}',
    ]);
    expect(owners.stdout).toContain("kubectl-edit Update\n");
    expect(owners.stdout).not.toContain("other Apply");
  });

  test(`goes from its own side's apply to the server's, and takes what it no longer states away (${which})`, async () => {
    const named = (text: string) => text.replace("name: kubectl", "name: moved");
    expect((await kubectl(["apply", "-f", "-"], named(yaml(1, ', gone: "1"')))).stdout).toBe(
      "configmap/moved created\n",
    );
    expect((await kubectl(serverSide(), named(yaml(2)))).stdout).toBe("configmap/moved serverside-applied\n");
    expect((await kubectl(["get", "configmap", "moved", "-o", "jsonpath={.data}"])).stdout).toBe('{"size":"2"}');
  });
});
