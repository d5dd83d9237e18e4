import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import { type JsonObject, parseJson } from "../../../lib/json.ts";

/** Signs claims as JSON Web Tokens (RFC 7519, ES256), and knows its own again. */
export interface Signer {
  sign(claims: JsonObject): string;
  /** The claims of a token that this key signed; undefined for any other text. They may be out of date. */
  read(token: string): JsonObject | undefined;
  /** The public key as a JSON Web Key Set, for others to verify tokens with. */
  readonly keySet: JsonObject;
}

export const signingAlgorithm = "ES256";
/** RFC 7518 wants the two numbers of a signature side by side, not in DER. */
const encoding = { dsaEncoding: "ieee-p1363" } as const;

/** A fresh key for a signer, PKCS #8 in PEM. */
export function newSigningKey(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

export function signerOf(keyPem: string): Signer {
  const key = createPrivateKey(keyPem);
  const publicKey = createPublicKey(key);
  const kid = createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("base64url");
  const { kty, crv, x, y } = publicKey.export({ format: "jwk" });
  const head = encoded({ alg: signingAlgorithm, kid });
  return {
    keySet: { keys: [{ use: "sig", kty, kid, crv, alg: signingAlgorithm, x, y }] },
    sign(claims) {
      const text = `${head}.${encoded(claims)}`;
      return `${text}.${sign("sha256", Buffer.from(text), { key, ...encoding }).toString("base64url")}`;
    },
    read(token) {
      const [ownHead, claims, signature, ...more] = token.split(".");
      if (ownHead !== head || claims === undefined || signature === undefined || more.length > 0) return undefined;
      const bytes = Buffer.from(signature, "base64url");
      const isOurs = verify("sha256", Buffer.from(`${head}.${claims}`), { key: publicKey, ...encoding }, bytes);
      return isOurs ? (parseJson(Buffer.from(claims, "base64url").toString("utf8")) as JsonObject) : undefined; // we signed an object
    },
  };
}

const encoded = (value: JsonObject) => Buffer.from(JSON.stringify(value)).toString("base64url");
