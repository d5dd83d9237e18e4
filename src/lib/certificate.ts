import { createPrivateKey, KeyObject, type webcrypto, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type { Extension } from "@peculiar/x509";
import { Failure } from "./failure.ts";
import { exportsOf } from "./lazy-module.ts";
import type { Random } from "./random.ts";

/** A certificate and its private key (P-256, PKCS #8), both PEM. */
export interface KeyPair {
  readonly certPem: string;
  readonly keyPem: string;
}

export interface AuthorityRequest {
  readonly commonName: string;
  readonly now: Date;
  readonly random: Random;
}

export interface CertificateRequest extends AuthorityRequest {
  /** Groups, as Kubernetes reads them from a client certificate. */
  readonly organizations?: readonly string[];
  /** DNS names and IP addresses that a server answers to. */
  readonly names?: readonly string[];
  readonly use: "server" | "client";
}

/** Authorities live longer than the data they guard; certificates are cheap to issue again at any start. */
const authorityLifeMs = 10 * 365 * 24 * 3600_000;
const certificateLifeMs = 365 * 24 * 3600_000;
/** A certificate this close to its end is replaced at start. */
const renewBeforeMs = 30 * 24 * 3600_000;
/** Machines whose clocks run behind must accept what was just issued, and so must all when the issuer's is set back. */
const backdateMs = 24 * 3600_000;

/** A certificate authority that signed itself. */
export async function createAuthority(request: AuthorityRequest): Promise<KeyPair> {
  const x509 = await library();
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...common(request, authorityLifeMs),
    name: [{ CN: [request.commonName] }],
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return pairOf(certificate.toString("pem"), keys);
}

/** A certificate for a server or a client, signed by `authority`. */
export async function issueCertificate(authority: KeyPair, request: CertificateRequest): Promise<KeyPair> {
  const x509 = await library();
  const keys = await newKeys();
  const issuer = new x509.X509Certificate(authority.certPem);
  const usage = request.use === "server" ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth;
  const extensions: Extension[] = [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([usage]),
    await x509.AuthorityKeyIdentifierExtension.create(issuer),
  ];
  const names = (request.names ?? []).map((value) => ({
    type: isIP(value) ? ("ip" as const) : ("dns" as const),
    value,
  }));
  if (names.length > 0) extensions.push(new x509.SubjectAlternativeNameExtension(names));
  const certificate = await x509.X509CertificateGenerator.create({
    ...common(request, certificateLifeMs),
    subject: [{ CN: [request.commonName] }, ...(request.organizations ?? []).map((name) => ({ O: [name] }))],
    issuer: issuer.subject,
    publicKey: keys.publicKey,
    signingKey: await signingKey(authority),
    extensions,
  });
  return pairOf(certificate.toString("pem"), keys);
}

/**
 * True when a pair kept on disk can go on being used: signed by `authority`, its key belongs to it, it answers to all of
 * `names`, and it does not end within 30 days.
 */
export function isUsable(
  pair: KeyPair,
  need: { readonly authority: KeyPair; readonly names?: readonly string[]; readonly now: Date },
): boolean {
  try {
    const certificate = new X509Certificate(pair.certPem);
    const authority = new X509Certificate(need.authority.certPem);
    return (
      certificate.checkPrivateKey(createPrivateKey(pair.keyPem)) &&
      certificate.verify(authority.publicKey) &&
      new Date(certificate.validTo).getTime() - renewBeforeMs > need.now.getTime() &&
      (need.names ?? []).every((name) => (isIP(name) ? certificate.checkIP(name) : certificate.checkHost(name)))
    );
  } catch {
    return false; // what cannot be read as a certificate and its key is not usable either
  }
}

const keyAlgorithm = { name: "ECDSA", namedCurve: "P-256" } as const;

function common(request: AuthorityRequest, lifeMs: number) {
  return {
    serialNumber: `01${request.random.uuid().replaceAll("-", "")}`,
    notBefore: new Date(request.now.getTime() - backdateMs),
    notAfter: new Date(request.now.getTime() + lifeMs),
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
  };
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(keyAlgorithm, true, ["sign", "verify"]);
}

function signingKey(authority: KeyPair): Promise<webcrypto.CryptoKey> {
  try {
    const key = createPrivateKey(authority.keyPem).export({ type: "pkcs8", format: "der" });
    return crypto.subtle.importKey("pkcs8", key, keyAlgorithm, false, ["sign"]);
  } catch (error) {
    throw new Failure(
      "precondition",
      "the certificate authority's private key cannot be read; move it away to make a new one",
      {
        cause: error,
      },
    );
  }
}

function pairOf(certPem: string, keys: webcrypto.CryptoKeyPair): KeyPair {
  const key = KeyObject.from(keys.privateKey).export({ type: "pkcs8", format: "pem" });
  return { certPem: `${certPem.trim()}\n`, keyPem: String(key) };
}

/** Loaded when a certificate is made, not when one is reused: it costs a quarter of a second. */
async function library(): Promise<typeof import("@peculiar/x509")> {
  await import("reflect-metadata");
  return exportsOf(await import("@peculiar/x509"));
}
