import { X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import { createAuthority, issueCertificate, isUsable } from "./certificate.ts";
import { systemRandom } from "./random.ts";

const now = new Date("2026-03-01T12:00:00Z");
const base = { now, random: systemRandom };

test("a server certificate is signed by its authority and answers to the names and addresses it was made for", async () => {
  const authority = await createAuthority({ ...base, commonName: "test-ca" });
  const names = ["localhost", "127.0.0.1", "::1"];
  const pair = await issueCertificate(authority, { ...base, commonName: "api", names, use: "server" });
  expect(isUsable(pair, { authority, names, now })).toBe(true);
  expect(isUsable(pair, { authority, names: ["10.0.0.9"], now })).toBe(false);
});

test("certificates hold for machines whose clocks are half a day behind, or are set back by as much", async () => {
  const authority = await createAuthority({ ...base, commonName: "test-ca" });
  const pair = await issueCertificate(authority, { ...base, commonName: "api", use: "server" });
  const halfADayBefore = now.getTime() - 12 * 3600_000;
  const begins = [authority, pair].map(({ certPem }) => new Date(new X509Certificate(certPem).validFrom).getTime());
  expect(begins.map((beginMs) => beginMs < halfADayBefore)).toEqual([true, true]);
});

test("a client certificate carries its user and every group of it", async () => {
  const authority = await createAuthority({ ...base, commonName: "test-ca" });
  const pair = await issueCertificate(authority, {
    ...base,
    commonName: "admin",
    organizations: ["system:masters", "readers"],
    use: "client",
  });
  expect(new X509Certificate(pair.certPem).subject).toBe("CN=admin\nO=system:masters\nO=readers");
});

test("a certificate that ends within a month, or that another authority signed, is not used again", async () => {
  const authority = await createAuthority({ ...base, commonName: "test-ca" });
  const other = await createAuthority({ ...base, commonName: "test-ca" });
  const pair = await issueCertificate(authority, { ...base, commonName: "admin", use: "client" });
  expect(isUsable(pair, { authority, now: new Date("2027-02-10T00:00:00Z") })).toBe(false);
  expect(isUsable(pair, { authority: other, now })).toBe(false);
  expect(isUsable({ ...pair, certPem: "torn" }, { authority, now })).toBe(false);
});
