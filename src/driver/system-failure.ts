import { type Code, Failure } from "../lib/failure.ts";

const codeOfName: Readonly<Record<string, Code>> = {
  ENOSPC: "exhausted",
  EDQUOT: "exhausted",
  EFBIG: "outOfRange",
  EMFILE: "unavailable",
  ENFILE: "unavailable",
  AbortError: "unavailable",
};
const adviceOfCode: Partial<Record<Code, string>> = {
  exhausted: "; its filesystem is full: delete volumes or snapshots, or make room",
  outOfRange: "; a file of that size is more than its filesystem can hold",
};

/** A system error as a Failure: by its name, with what was tried. A Failure stays what it is. */
export function failureOfSystem(error: unknown, tried: string): Failure {
  if (error instanceof Failure) return error;
  const reason = error instanceof Error ? error : new Error(String(error));
  const name = (reason as NodeJS.ErrnoException).code; // a system error has its name there, others a number or nothing
  const code = codeOfName[name ?? ""] ?? codeOfName[reason.name] ?? "internal";
  return new Failure(code, `${tried}: ${reason.message}${adviceOfCode[code] ?? ""}`, { cause: error });
}
