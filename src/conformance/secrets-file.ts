import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import { Failure, failureOf } from "../lib/failure.ts";
import type { Secrets } from "./driver.ts";

/**
 * Secrets by name, from a file of YAML or JSON. No message quotes from it.
 *
 * @throws Failure "invalid"
 */
export async function readSecrets(path: string): Promise<Secrets> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new Failure("invalid", `cannot read the secrets: ${failureOf(error).message}`, { cause: error });
  });
  const value = parseOrUndefined(text);
  if (isSecrets(value)) return value;
  throw new Failure("invalid", `${path} holds no secrets: give names and texts, as YAML or JSON, such as user: "name"`);
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
