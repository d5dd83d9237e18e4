import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readSecrets } from "./secrets-file.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gs-secrets-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function read(text: string) {
  const path = join(folder, "secrets");
  await writeFile(path, text);
  return readSecrets(path);
}

test.each(["user: ann\npassword: 's3cret'\n", '{"user": "ann", "password": "s3cret"}'])(
  "secrets are read from YAML and from JSON: %j",
  async (text) => {
    expect(await read(text)).toEqual({ user: "ann", password: "s3cret" });
  },
);

test.each(["password: [s3cret", "s3cret", "- s3cret", "password: {of: s3cret}", "s3cret: 5"])(
  "a file of secrets that holds none is refused without a word of it: %j",
  async (text) => {
    const message = await read(text).catch((error: unknown) => String(error));
    expect(message).toContain("holds no secrets: give names and texts");
    expect(message).not.toContain("s3cret");
  },
);

test("a file that is too long for secrets is refused", async () => {
  await expect(read(`password: ${"x".repeat(64 << 10)}`)).rejects.toThrow(
    "is too long for secrets: at most 65536 bytes",
  );
});

test("a file of secrets that is not there is refused by its name", async () => {
  await expect(readSecrets(join(folder, "none"))).rejects.toThrow(/cannot read the secrets: ENOENT.*none/);
});
