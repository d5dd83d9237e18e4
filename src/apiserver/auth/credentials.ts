import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createAuthority, issueCertificate, isUsable, type KeyPair } from "../../lib/certificate.ts";
import type { Random } from "../../lib/random.ts";
import { adminGroup } from "./authenticate.ts";
import { newSigningKey } from "./service-accounts/jwt.ts";

/** What the server and its administrator prove themselves with. Kept on disk, so that a kubeconfig outlives restarts. */
export interface Credentials {
  readonly authority: KeyPair;
  readonly server: KeyPair;
  readonly admin: KeyPair;
  readonly adminToken: string;
  /** Signs the tokens of service accounts. */
  readonly signingKeyPem: string;
}

export interface CredentialsRequest {
  readonly folder: string;
  /** Names and addresses the server answers to. */
  readonly names: readonly string[];
  readonly now: Date;
  readonly random: Random;
}

export const adminName = "groupsnap-admin";

/** Reads the credentials in `folder`, and makes those that are missing, about to expire, or for other names. */
export async function loadCredentials(request: CredentialsRequest): Promise<Credentials> {
  const { folder, names, now, random } = request;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const base = { now, random };
  const oldAuthority = readPair(folder, "ca");
  const authority =
    oldAuthority && isUsable(oldAuthority, { authority: oldAuthority, now })
      ? oldAuthority
      : writePair(folder, "ca", await createAuthority({ ...base, commonName: "groupsnap-ca" }));
  const keep = async (name: string, wanted: readonly string[], make: () => Promise<KeyPair>) => {
    const old = readPair(folder, name);
    return old && isUsable(old, { authority, names: wanted, now }) ? old : writePair(folder, name, await make());
  };
  const server = await keep("server", names, () =>
    issueCertificate(authority, { ...base, commonName: "groupsnap-apiserver", names, use: "server" }),
  );
  const admin = await keep("admin", [], () =>
    issueCertificate(authority, { ...base, commonName: adminName, organizations: [adminGroup], use: "client" }),
  );
  const signingKeyPem = keptText(join(folder, "service-accounts.key"), newSigningKey);
  return { authority, server, admin, adminToken: adminToken(folder), signingKeyPem };
}

/** 256 bits: nothing to be guessed. */
const tokenBytes = 32;

const adminToken = (folder: string) =>
  keptText(join(folder, "admin.token"), () => randomBytes(tokenBytes).toString("base64url"));

/** The text of a private file, made if there is none. */
function keptText(path: string, make: () => string): string {
  const known = existsSync(path) ? readFileSync(path, "utf8").trim() : "";
  if (known !== "") return known;
  const text = make().trim();
  writePrivate(path, `${text}\n`);
  return text;
}

function readPair(folder: string, name: string): KeyPair | undefined {
  const [cert, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  if (!existsSync(cert) || !existsSync(key)) return undefined;
  return { certPem: readFileSync(cert, "utf8"), keyPem: readFileSync(key, "utf8") };
}

function writePair(folder: string, name: string, pair: KeyPair): KeyPair {
  writePrivate(join(folder, `${name}.key`), pair.keyPem);
  writePrivate(join(folder, `${name}.crt`), pair.certPem);
  return pair;
}

/** Writes a file for its owner only; a crash in between leaves the old one or the new one, never a half. */
export function writePrivate(path: string, text: string): void {
  const fresh = `${path}.new`;
  writeFileSync(fresh, text, { mode: 0o600 });
  chmodSync(fresh, 0o600); // it may have been left by a crash, with other rights
  renameSync(fresh, path);
}
