import { describe, expect, test } from "vitest";
import { type Control, type Repository, type Rule, readRepository, repositoryOf } from "./tidy/repository.ts";
import { noCycles } from "./tidy/rules/cycles.ts";
import { noDefaultExports } from "./tidy/rules/default-exports.ts";
import { importTable } from "./tidy/rules/import-table.ts";
import { citations, links } from "./tidy/rules/links.ts";
import { noMachine } from "./tidy/rules/machine.ts";
import { defects } from "./tidy/rules/register.ts";
import { sizes } from "./tidy/rules/sizes.ts";
import { everyTestAsserts, noConditionalAssertions, noSkippedTests } from "./tidy/rules/tests.ts";
import { timeAndChance } from "./tidy/rules/time-and-chance.ts";
import { distinctTitles } from "./tidy/rules/titles.ts";

const rules: readonly Rule[] = [
  importTable,
  noCycles,
  sizes,
  noDefaultExports,
  timeAndChance,
  links,
  citations,
  noMachine,
  distinctTitles,
  noSkippedTests,
  noConditionalAssertions,
  everyTestAsserts,
  defects,
];
const named = rules.map((rule) => [rule.title, rule] as const);

const repository: Repository = readRepository(process.cwd());

describe("the repository", () => {
  test.each(named)("keeps the rule: %s", (_title, rule) => {
    expect(rule.check(repository)).toEqual([]);
  });
});

describe("the checker", () => {
  test.each(named)("catches its controls, and nothing beside them: %s", (_title, rule) => {
    expect(rule.controls.map((control) => missed(rule, control))).toEqual(rule.controls.map(() => []));
  });

  test("reads the sources of this repository", () => {
    expect(repository.sources.map(({ path }) => path)).toContain("test/tidy.test.ts");
  });
});

/** What the rule did not report, and what it reported without being asked to. */
function missed(rule: Rule, control: Control): readonly string[] {
  const reported = rule.check(repositoryOf(control.files));
  const silent = control.caught.filter((piece) => !reported.some((line) => line.includes(piece)));
  const extra = reported.filter((line) => !control.caught.some((piece) => line.includes(piece)));
  return [...silent.map((piece) => `not caught: ${piece}`), ...extra.map((line) => `not asked for: ${line}`)];
}
