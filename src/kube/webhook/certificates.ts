import { readFile } from "node:fs/promises";
import { createAuthority, issueCertificate, isUsable, type KeyPair } from "../../lib/certificate.ts";
import type { Clock } from "../../lib/clock.ts";
import { Failure, failureOf } from "../../lib/failure.ts";
import type { Logger } from "../../lib/log.ts";
import type { Random } from "../../lib/random.ts";
import { checkPair } from "./server.ts";

/** Where a webhook's certificate comes from. */
export interface Certificates {
  readonly first: KeyPair;
  /** The authority that signs them, where it is our own. */
  readonly authorityPem?: string;
  /** Hands over each new certificate until the signal is aborted. */
  follow(use: (pair: KeyPair) => void, signal: AbortSignal): Promise<void>;
}

export interface GivenFiles {
  readonly certPath: string;
  readonly keyPath: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly rereadMs?: number;
}

/** Kubernetes itself takes about a minute to bring a changed secret to a pod's files. */
const usualRereadMs = 10_000;

/** A certificate and its key in files that others keep current. @throws Failure when they cannot be read or do not match */
export async function givenCertificates(files: GivenFiles): Promise<Certificates> {
  const { clock, log, rereadMs = usualRereadMs } = files;
  const first = await readPair(files);
  return {
    first,
    async follow(use, signal) {
      let last = first;
      let complaint = "";
      for (;;) {
        await clock.sleep(rereadMs, signal);
        try {
          const pair = await readPair(files);
          complaint = "";
          if (pair.certPem === last.certPem && pair.keyPem === last.keyPem) continue;
          use(pair);
          last = pair;
          log.info({ path: files.certPath }, "the certificate has changed");
        } catch (error) {
          const { message } = failureOf(error);
          if (message !== complaint) log.warn({ reason: message }, "the old certificate is kept");
          complaint = message;
        }
      }
    },
  };
}

/** Files that are being replaced may not match for a moment: that is a failure like any other, and the next look helps. */
async function readPair({ certPath, keyPath }: GivenFiles): Promise<KeyPair> {
  const [certPem, keyPem] = await Promise.all([certPath, keyPath].map(read));
  const pair = { certPem: certPem ?? "", keyPem: keyPem ?? "" };
  checkPair(pair);
  return pair;
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new Failure("precondition", `cannot read ${path}: ${failureOf(error).message}`, { cause: error });
  }
}

/** What our authorities are called, in every certificate bundle that they get into. */
export const authorityName = "groupsnap-webhook";

/** Another name than its authority's: who has its issuer's name is taken for self-signed by OpenSSL, and not believed. */
const serverName = "groupsnap-webhook-server";

/** How often a certificate of our own is asked whether it ends soon; it is renewed 30 days before. */
const checkMs = 3600_000;

/** Certificates for these names, signed by an authority that lives as long as this process. */
export async function ownCertificates(options: {
  readonly names: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}): Promise<Certificates> {
  const { names, clock, random, log } = options;
  const authority = await createAuthority({ commonName: authorityName, now: clock.now(), random });
  const issue = () =>
    issueCertificate(authority, { commonName: serverName, names, use: "server", now: clock.now(), random });
  const first = await issue();
  return {
    first,
    authorityPem: authority.certPem,
    async follow(use, signal) {
      let pair = first;
      for (;;) {
        await clock.sleep(checkMs, signal);
        if (isUsable(pair, { authority, now: clock.now() })) continue;
        pair = await issue();
        use(pair);
        log.info({ names }, "the certificate was renewed");
      }
    },
  };
}
