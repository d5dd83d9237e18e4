import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { Failure } from "../../lib/failure.ts";
import type { TransportResponse } from "./transport.ts";

/** Far above any page of 500 objects, and far below what would take the process down. */
const answerLimitBytes = 256 << 20;

const inflate = promisify(gunzip);

/** Reads an answer's body to its end, decompressed. @throws Failure "tooLarge"; the stream's own error if it breaks */
export async function readBody(response: TransportResponse, what: string): Promise<string> {
  const bytes = await collect(response.body, what);
  if (response.headers["content-encoding"] !== "gzip") return bytes.toString("utf8");
  return (await inflate(bytes, { maxOutputLength: answerLimitBytes })).toString("utf8");
}

function collect(body: Readable, what: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    body.on("data", (chunk: Buffer) => {
      sizeBytes += chunk.length;
      chunks.push(chunk);
      if (sizeBytes > answerLimitBytes)
        body.destroy(new Failure("tooLarge", `cannot ${what}: the answer is larger than ${answerLimitBytes} bytes`));
    });
    body.on("end", () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    body.on("error", reject);
    body.on("close", () => {
      if (!body.readableEnded) reject(new Error("the connection was closed in the middle of the answer"));
    });
  });
}
