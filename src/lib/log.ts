import { pino } from "pino";
import { redactJson } from "./redact.ts";

export type Level = "debug" | "info" | "warn" | "error" | "silent";

/** `json`: a JSON object a line. `text`: as klog writes, for the collectors and eyes that know Kubernetes' components. */
export type LogFormat = "json" | "text";

/** Structured, one line a fact. Fields carry the data, the message stays constant. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Logger;
}

interface LoggerOptions {
  readonly name: string;
  readonly level: Level;
  readonly format?: LogFormat;
  /** Where lines go: standard error unless told otherwise, so that standard output stays free for what a command answers. */
  readonly write?: (line: string) => void;
}

/** Every line is freed of what looks like a secret: the last net, below code that is not to log any. */
export function logger({ name, level, format = "json", write = toStandardError() }: LoggerOptions): Logger {
  const shown = format === "json" ? redactJson : (line: string) => inText(redactJson(line));
  return pino({ level, base: { process: name } }, { write: (line: string) => write(shown(line)) });
}

function toStandardError(): (line: string) => void {
  const destination = pino.destination({ dest: 2, sync: true });
  return (line) => void destination.write(line);
}

const severities: Readonly<Record<number, string>> = { 40: "W", 50: "E" };

/** A line of pino as klog has it: I1122 19:29:11.123000 4711 sidecar] "message" key="value". */
function inText(line: string): string {
  const { level, time, process: name, msg, ...fields } = JSON.parse(line) as Record<string, unknown>; // pino wrote it
  const at = new Date(Number(time)).toISOString();
  const date = `${at.slice(5, 7)}${at.slice(8, 10)} ${at.slice(11, 23)}000`;
  const pairs = Object.entries(fields).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`);
  return `${severities[Number(level)] ?? "I"}${date} ${process.pid} ${String(name)}] ${JSON.stringify(msg)}${pairs.join("")}\n`;
}

/** For tests and for callers that want no log. */
export const silent: Logger = pino({ level: "silent" });
