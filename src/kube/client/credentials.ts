import type { Clock } from "../../lib/clock.ts";
import { Failure } from "../../lib/failure.ts";
import {
  bearer,
  type ClientCertificate,
  type Credential,
  type Credentials,
  fixedCredentials,
  type TlsSettings,
} from "./connection.ts";
import { execCredentials } from "./exec-plugin.ts";
import type { Section } from "./kubeconfig-file.ts";
import { tokenFileCredentials } from "./token-file.ts";

export interface CredentialsDeps {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Told to exec plugins that ask for it. */
  readonly server: string;
  readonly tls: TlsSettings;
}

/** How a user of a kubeconfig logs in: a certificate, and one of token file, token, exec plugin or password. */
export function credentialsOf(user: Section | undefined, deps: CredentialsDeps): Credentials {
  if (!user) return fixedCredentials({ headers: {} });
  if (user.section("auth-provider"))
    throw new Failure(
      "unimplemented",
      `${user.name}: auth-provider is gone from Kubernetes since 1.26; use an exec plugin`,
    );
  const base = { headers: impersonation(user), ...certificateOf(user) };
  return extended(loginOf(user, deps), base);
}

function loginOf(user: Section, deps: CredentialsDeps): Credentials {
  const tokenFile = user.path("tokenFile");
  if (tokenFile) return tokenFileCredentials({ path: tokenFile, what: `${user.name}: tokenFile`, clock: deps.clock });
  const token = user.text("token");
  if (token) return fixedCredentials(bearer(token.trim()));
  const plugin = user.section("exec");
  if (plugin) return execCredentials(plugin, deps);
  const name = user.text("username");
  if (!name) return fixedCredentials({ headers: {} });
  const login = Buffer.from(`${name}:${user.text("password") ?? ""}`).toString("base64");
  return fixedCredentials({ headers: { authorization: `Basic ${login}` } });
}

function certificateOf(user: Section): { readonly certificate?: ClientCertificate } {
  const certificatePem = user.dataOrFile("client-certificate");
  const keyPem = user.dataOrFile("client-key");
  if (certificatePem === undefined && keyPem === undefined) return {};
  if (certificatePem === undefined)
    throw new Failure("invalid", `${user.name} has client-key but no client-certificate`);
  if (keyPem === undefined) throw new Failure("invalid", `${user.name} has client-certificate but no client-key`);
  return { certificate: { certificatePem, keyPem } };
}

function impersonation(user: Section): Credential["headers"] {
  const as = user.text("as");
  const uid = user.text("as-uid");
  const groups = user.texts("as-groups");
  if (!as && (uid || groups.length > 0)) throw new Failure("invalid", `${user.name}: as-uid and as-groups need as`);
  return {
    ...(as && { "impersonate-user": as }),
    ...(uid && { "impersonate-uid": uid }),
    ...(groups.length > 0 && { "impersonate-group": groups }),
  };
}

/** What the login yields, on top of what does not change. */
function extended(login: Credentials, base: Credential): Credentials {
  let last: { readonly from: Credential; readonly to: Credential } | undefined;
  return {
    async current(signal) {
      const from = await login.current(signal);
      if (last?.from !== from) last = { from, to: { ...base, ...from, headers: { ...base.headers, ...from.headers } } };
      return last.to;
    },
    // One that was replaced meanwhile needs no renewal: the request is made again with the new one.
    renew: (refused) => last === undefined || last.to !== refused || login.renew(last.from),
  };
}
