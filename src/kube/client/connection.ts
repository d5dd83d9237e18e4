/** Where an API server is, and how this process proves who it is. */
export interface ConnectionConfig {
  /** `https://host:port`, with a path where a proxy needs one. */
  readonly server: string;
  readonly tls: TlsSettings;
  readonly credentials: Credentials;
  /** The namespace that commands use when none is named. */
  readonly namespace: string;
}

export interface TlsSettings {
  /** PEM; the system's roots when absent. */
  readonly ca?: string;
  /** Trusts any server: only because the user's kubeconfig says so. */
  readonly insecure?: boolean;
  /** The name that the server's certificate must carry, where it is not that of the URL. */
  readonly serverName?: string;
}

/** What a process shows to the server. Never logged and never part of a message. */
export interface Credential {
  /** Authorization and impersonation headers. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly certificate?: ClientCertificate;
}

export interface ClientCertificate {
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** A credential that may change while the process runs. */
export interface Credentials {
  current(signal: AbortSignal): Promise<Credential>;
  /** Called when the server refused this one. True when asking again may yield another. */
  renew(refused: Credential): boolean;
}

/** A credential that never changes. */
export function fixedCredentials(credential: Credential): Credentials {
  return { current: () => Promise.resolve(credential), renew: () => false };
}

export function bearer(token: string): Credential {
  return { headers: { authorization: `Bearer ${token}` } };
}
