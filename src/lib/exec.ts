import { spawn } from "node:child_process";
import { Failure } from "./failure.ts";

export interface ExecOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Written to standard input, which is then closed. */
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Exit statuses beside 0 that count as success. */
  readonly accept?: readonly number[];
}

export interface ExecResult {
  readonly stdout: string;
  readonly stderr: string;
}

/** More output than any tool we call has a reason to print. */
const outputLimitBytes = 1 << 20;

/**
 * Runs a program, never through a shell, and waits for its end.
 *
 * @param argv program and arguments
 * @throws Failure "notFound" if there is no such program that we may run; "timeout"; "cancelled" on abort; "tooLarge" if it prints more
 *   than 1 MiB; "internal" with the end of its standard error if it exits with anything but 0
 *   and the statuses to accept
 */
export function exec(argv: readonly [string, ...string[]], options: ExecOptions): Promise<ExecResult> {
  const [program, ...args] = argv;
  const what = `\`${argv.join(" ")}\``;
  const late = AbortSignal.timeout(options.timeoutMs);
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ["pipe", "pipe", "pipe"],
      signal: AbortSignal.any([options.signal, late]),
      killSignal: "SIGKILL",
      env: { ...process.env, ...options.env },
    });
    const stdout = collect(child.stdout, () =>
      fail(new Failure("tooLarge", `${what} printed more than ${outputLimitBytes} bytes`)),
    );
    const stderr = collect(child.stderr, () =>
      fail(new Failure("tooLarge", `${what} printed more than ${outputLimitBytes} bytes`)),
    );
    const fail = (failure: Failure) => {
      child.kill("SIGKILL");
      reject(failure);
    };
    child.on("error", (error: NodeJS.ErrnoException) => {
      // A folder of PATH that we may not look into makes it EACCES.
      if (error.code === "ENOENT" || error.code === "EACCES")
        return fail(
          new Failure("notFound", `cannot run ${what}: ${program} is not installed, or not for this user`, {
            cause: error,
          }),
        );
      if (late.aborted)
        return fail(new Failure("timeout", `${what} did not end within ${options.timeoutMs} ms`, { cause: error }));
      fail(
        new Failure(options.signal.aborted ? "cancelled" : "internal", `cannot run ${what}: ${error.message}`, {
          cause: error,
        }),
      );
    });
    child.on("close", (status, signal) => {
      if (status === 0 || options.accept?.includes(status ?? -1))
        return resolve({ stdout: stdout(), stderr: stderr() });
      const why = stderr().trim().slice(-500) || "it printed no reason";
      reject(new Failure("internal", `${what} ended with ${signal ?? `status ${status}`}: ${why}`));
    });
    child.stdin.on("error", () => undefined); // a program that does not read its input closes the pipe
    child.stdin.end(options.input ?? "");
  });
}

function collect(stream: NodeJS.ReadableStream, overflow: () => void): () => string {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  stream.on("data", (chunk: Buffer) => {
    sizeBytes += chunk.length;
    if (sizeBytes > outputLimitBytes) overflow();
    else chunks.push(chunk);
  });
  return () => Buffer.concat(chunks).toString("utf8");
}
