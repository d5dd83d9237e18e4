import { pino } from "pino";

export type Level = "debug" | "info" | "warn" | "error" | "silent";

/** Structured, one line a fact. Fields carry the data, the message stays constant. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Logger;
}

/** JSON lines on standard error, so that standard output stays free for what a command answers. */
export function logger(options: { readonly name: string; readonly level: Level }): Logger {
  const destination = pino.destination({ dest: 2, sync: true });
  return pino({ name: options.name, level: options.level, base: { name: options.name } }, destination);
}

/** For tests and for callers that want no log. */
export const silent: Logger = pino({ level: "silent" });
