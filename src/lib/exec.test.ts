import { expect, test } from "vitest";
import { exec } from "./exec.ts";

const options = { timeoutMs: 10_000, signal: new AbortController().signal };
const node = (script: string): [string, ...string[]] => [process.execPath, "-e", script];

test("a program gets its arguments as they are, with no shell in between", async () => {
  const script = "process.stdout.write(JSON.stringify(process.argv.slice(1)))";
  const { stdout } = await exec([...node(script), "$HOME; echo", "a  b", "*"], options);
  expect(JSON.parse(stdout)).toEqual(["$HOME; echo", "a  b", "*"]);
});

test("a program gets its input and its environment, and both outputs come back", async () => {
  const script = "process.stdin.pipe(process.stdout); process.stderr.write(process.env.GREETING)";
  const result = await exec(node(script), { ...options, input: "grüß dich", env: { GREETING: "hello" } });
  expect(result).toEqual({ stdout: "grüß dich", stderr: "hello" });
});

test("a program that ignores its input is no failure", async () => {
  expect((await exec(node(""), { ...options, input: "x".repeat(1 << 20) })).stdout).toBe("");
});

test("a program that is not installed is named as missing", async () => {
  await expect(exec(["mkfs.nothing", "-q"], options)).rejects.toMatchObject({
    code: "notFound",
    message: "cannot run `mkfs.nothing -q`: mkfs.nothing is not installed, or not for this user",
  });
});

test("a program that fails tells its status and what it said last", async () => {
  const script = 'console.error("disk is on fire"); process.exit(3)';
  await expect(exec(node(script), options)).rejects.toMatchObject({
    code: "internal",
    message: expect.stringMatching(/ended with status 3: disk is on fire$/),
  });
});

test("a program that a signal ended tells which", async () => {
  await expect(
    exec(node("process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000)"), options),
  ).rejects.toThrow(/ended with SIGTERM: it printed no reason$/);
});

test("a program that does not end is killed when its time is up", async () => {
  const running = exec(node("setInterval(() => {}, 1000)"), { ...options, timeoutMs: 100 });
  await expect(running).rejects.toMatchObject({ code: "timeout", message: expect.stringContaining("within 100 ms") });
});

test("a program is killed when its caller gives up", async () => {
  const abort = new AbortController();
  const running = exec(node("setInterval(() => {}, 1000)"), { ...options, signal: abort.signal });
  abort.abort();
  await expect(running).rejects.toMatchObject({ code: "cancelled" });
});

test("a program that prints without end is killed at 1 MiB", async () => {
  const script = 'const more = () => process.stdout.write("x".repeat(65536), more); more()';
  await expect(exec(node(script), options)).rejects.toMatchObject({
    code: "tooLarge",
    message: expect.stringContaining("printed more than 1048576 bytes"),
  });
});
