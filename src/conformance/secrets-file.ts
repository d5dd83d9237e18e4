import { readFile, stat } from "node:fs/promises";
import { parse } from "yaml";
import { Failure, failureOf } from "../lib/failure.ts";
import type { Secrets } from "./driver.ts";

/** CSI's own limit on a map is a sixteenth of it; the rest is for comments. */
const sizeLimitBytes = 64 << 10;

/**
 * Secrets by name, from a file of YAML or JSON. No message quotes from it.
 *
 * @throws Failure "invalid"
 */
export async function readSecrets(path: string): Promise<Secrets> {
  const value = parseOrUndefined(await textOf(path));
  if (isSecrets(value)) return value;
  throw new Failure("invalid", `${path} holds no secrets: give names and texts, as YAML or JSON, such as user: "name"`);
}

async function textOf(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size <= sizeLimitBytes) return await readFile(path, "utf8");
  } catch (error) {
    throw new Failure("invalid", `cannot read the secrets: ${failureOf(error).message}`, { cause: error });
  }
  throw new Failure("invalid", `${path} is too long for secrets: at most ${sizeLimitBytes} bytes are read`);
}

function parseOrUndefined(text: string): unknown {
  try {
    return parse(text, { logLevel: "silent" });
  } catch {
    return undefined; // its message quotes the line
  }
}

const isSecrets = (value: unknown): value is Secrets =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every((item) => typeof item === "string");
