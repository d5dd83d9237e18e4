import { expect, test } from "vitest";
import { type LogFormat, logger } from "./log.ts";

function written(format: LogFormat, log: (log: ReturnType<typeof logger>) => void): string {
  const lines: string[] = [];
  log(logger({ name: "sidecar", level: "debug", format, write: (line) => lines.push(line) }));
  return lines.join("");
}

test("logs one JSON object a line", () => {
  const line = written("json", (log) => log.warn({ lease: "a/b" }, "the lease could not be renewed"));
  expect(JSON.parse(line)).toMatchObject({
    level: 40,
    process: "sidecar",
    lease: "a/b",
    msg: "the lease could not be renewed",
  });
});

test("logs text in the form that klog has", () => {
  const line = written("text", (log) =>
    log.child({ controller: "groups" }).error({ ms: 1.5, name: "x y" }, 'no "way"'),
  );
  expect(line).toMatch(
    /^E\d{4} \d\d:\d\d:\d\d\.\d{6} \d+ sidecar\] "no \\"way\\"" controller="groups" ms=1\.5 name="x y"\n$/,
  );
});

const jwt = "eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.eyJpc3MiOiJrdWJlcm5ldGVzIn0.c2lnbmF0dXJlLW9mLWl0";
const key = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIB\nabc+/=\n-----END EC PRIVATE KEY-----\n";
const leaks: readonly (readonly [string, object | string, string])[] = [
  ["a bearer token in a header", { headers: { authorization: "Bearer s3cret-t0ken" } }, "s3cret-t0ken"],
  ["a bearer token in a message", "GET / with Bearer s3cret-t0ken failed", "s3cret-t0ken"],
  ["a basic login", "authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"],
  ["a JSON Web Token anywhere", { note: `token was ${jwt}` }, "c2lnbmF0dXJl"],
  ["a token under its name", { user: { token: "opaque-t0ken" } }, "opaque-t0ken"],
  ["a password in a text of JSON", { body: '{"password":"hunter2"}' }, "hunter2"],
  ["a private key", { pem: key }, "MHcCAQEEIB"],
  ["a private key in an error", new Error(`cannot read ${key}`), "MHcCAQEEIB"],
  ["a private key that was cut off", { pem: key.slice(0, 45) }, "MHcC"],
  ["a kubeconfig's key", "client-key-data: TUhjQ0FRRUVJQg==", "TUhjQ0FR"],
];
const formats: readonly LogFormat[] = ["json", "text"];

test.each(formats.flatMap((format) => leaks.map(([what, leak, secret]) => ({ format, what, leak, secret }))))(
  "never logs $what, in $format",
  ({ format, leak, secret }) => {
    const shown = written(format, (log) => {
      log.debug({ err: leak, leak }, "kept");
      log.info({}, typeof leak === "string" ? leak : "as field");
    });
    expect(shown).not.toContain(secret);
    expect(shown).toContain("***");
    expect(shown).toContain("kept");
  },
);

test("leaves what is no secret as it is", () => {
  const fields = { name: "shop/data", error: "the token is refused; basic checks failed; bearer of news" };
  expect(written("json", (log) => log.info(fields, "reconciled"))).toContain(fields.error);
});
