import { X509Certificate } from "node:crypto";
import { Failure } from "../../lib/failure.ts";
import type { Credential } from "./connection.ts";

/** A failure, with what to do about it where the server does not take the credential. Nothing of the credential is shown. */
export function withRemedy(failure: Failure, credential: Credential, now: Date): Failure {
  if (failure.code !== "unauthenticated") return failure;
  const { cause, details } = failure;
  return new Failure(failure.code, `${failure.message}; ${remedyFor(credential, now)}`, { cause, details });
}

function remedyFor({ certificate, headers }: Credential, now: Date): string {
  const ended = certificate && endOf(certificate.certificatePem);
  if (ended && ended < now) return `the client certificate expired on ${ended.toISOString()}: have a new one issued`;
  if (certificate) return "the server does not take the client certificate: have one issued by its authority";
  return headers.authorization
    ? "the server does not take the token or password: renew it"
    : "there are no credentials: name some in the kubeconfig";
}

/** Undefined where it cannot be read: the connection says more about that. */
function endOf(pem: string): Date | undefined {
  try {
    return new Date(new X509Certificate(pem).validTo);
  } catch {
    return undefined;
  }
}
