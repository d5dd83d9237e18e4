import { X509Certificate } from "node:crypto";
import { authorityName } from "./certificates.ts";

/** Replicas, and those that a rollout is about to end; each authority is some 700 bytes. */
const authorityLimit = 8;

const pemBlock = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * The certificate bundle with our authority in it, base64 as Kubernetes has it. Each replica of the webhook has an authority
 * of its own: the newest of them stay, what has expired goes, and so does what is not ours.
 */
export function bundleWith(ownPem: string, bundle: string, now: Date): string {
  const known = (Buffer.from(bundle, "base64").toString("utf8").match(pemBlock) ?? [])
    .map(readCertificate)
    .filter((certificate) => certificate !== undefined)
    .filter((certificate) => isOurs(certificate) && new Date(certificate.validTo) > now);
  const own = new X509Certificate(ownPem);
  if (known.some(({ fingerprint256 }) => fingerprint256 === own.fingerprint256) && isWhole(bundle, known))
    return bundle;
  const others = known.filter(({ fingerprint256 }) => fingerprint256 !== own.fingerprint256);
  others.sort((a, b) => new Date(b.validFrom).getTime() - new Date(a.validFrom).getTime());
  return encoded([own, ...others].slice(0, authorityLimit));
}

/** True when a bundle holds nothing but these, so that replicas do not go on putting each other in order. */
const isWhole = (bundle: string, known: readonly X509Certificate[]) =>
  known.length <= authorityLimit && bundle === encoded(known);

const encoded = (certificates: readonly X509Certificate[]) =>
  Buffer.from(certificates.map((certificate) => `${certificate.toString().trim()}\n`).join("")).toString("base64");

const isOurs = ({ subject }: X509Certificate) => subject === `CN=${authorityName}`;

function readCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined; // whoever wrote it: no server can use it
  }
}
