const hidden = "***";

/**
 * What is secret wherever it stands: private keys by their frame, JSON Web Tokens by their shape, tokens and passwords by the
 * word before them, as headers, kubeconfigs and JSON have them.
 */
const secrets: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN ([A-Z ]*)PRIVATE KEY-----[\s\S]*?(?:-----END \1PRIVATE KEY-----|$)/g, hidden],
  [/\beyJ[\w-]{6,}\.[\w-]{6,}\.[\w-]*/g, hidden],
  [/\b(bearer|authorization["']?\s*[:=]\s*["']?basic)(\s+)[A-Za-z0-9._~+/-]{6,}=*/gi, `$1$2${hidden}`],
  [/\b(client-key-data|token|password)(["']?\s*[:=]\s*["']?)[^\s"',}]+/gi, `$1$2${hidden}`],
];
const secretName = /^(authorization|token|password|client-key-data|client-key|keyPem|secrets)$/i;
/** A line without any of these words, as nearly all are, is let through as it is. */
const suspicious = /private key|eyJ|bearer|basic|token|password|authorization|client-key|keyPem|secrets/i;

/** A text without what looks like a secret. */
export function redact(text: string): string {
  return secrets.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), text);
}

/** A line of JSON with its strings redacted, and with nothing under names that are only ever those of secrets. */
export function redactJson(line: string): string {
  if (!suspicious.test(line)) return line;
  const visit = (name: string, value: unknown): unknown => {
    if (secretName.test(name)) return hidden;
    return typeof value === "string" ? redact(value) : value;
  };
  return `${JSON.stringify(JSON.parse(line, visit))}\n`;
}
