import { Failure } from "../../lib/failure.ts";

/**
 * A regular expression written for Go (RE2) as a JavaScript one: the flags in front, `\A`, `\z` and POSIX classes are
 * translated, the rest is common to both.
 *
 * @throws Failure "invalid" if it is no regular expression
 */
export function parsePattern(pattern: string): RegExp {
  const flagged = /^\(\?([ims]+)\)/.exec(pattern);
  const body = pattern
    .slice(flagged?.[0].length ?? 0)
    .replaceAll("\\A", "^")
    .replaceAll("\\z", "$")
    .replaceAll(/\[:(\w+):\]/g, (whole, name: string) => posixClasses[name] ?? whole)
    .replaceAll("(?P<", "(?<");
  const flags = flagged?.[1] ?? "";
  try {
    return new RegExp(body, /\\[pP]\{?\w/.test(body) ? `${flags}u` : flags);
  } catch (error) {
    throw new Failure("invalid", `"${pattern}" is not a valid regular expression`, { cause: error });
  }
}

const posixClasses: Readonly<Record<string, string>> = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  digit: "0-9",
  lower: "a-z",
  punct: "!-\\/:-@\\[-`{-~",
  space: "\\t\\n\\v\\f\\r ",
  upper: "A-Z",
  word: "0-9A-Za-z_",
  xdigit: "0-9A-Fa-f",
};
