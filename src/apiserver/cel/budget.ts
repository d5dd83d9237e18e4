/**
 * How much a rule may do, counted in steps of its loops, some two microseconds each, and in what its regular expressions
 * are worth of them. Rules come with definitions, and run while everybody waits: one
 * that is too dear is stopped, and the object refused. Kubernetes counts finer and refuses likewise.
 */
const limits = {
  /** About half a second of loops: lists of 500 items, each compared with each. */
  expression: 250_000,
  /** All rules of one object together. */
  object: 500_000,
};

const left = { ofExpression: limits.expression, ofObject: limits.object };

/** Begins to count for another object. */
export function beginObject(): void {
  left.ofObject = limits.object;
}

/** Begins to count for another expression. */
export function beginExpression(): void {
  left.ofExpression = limits.expression;
}

/** Takes steps; false when there are no more, which ends the loop. */
export function takeSteps(count: number): boolean {
  left.ofExpression -= count;
  left.ofObject -= count;
  return left.ofExpression >= 0 && left.ofObject >= 0;
}

/** Why the last expression was stopped, if it was. */
export function overrun(text: string): string | undefined {
  if (left.ofExpression < 0)
    return `no further validation rules will be run due to call cost exceeds limit for rule: ${text}`;
  if (left.ofObject < 0)
    return "validation failed due to running out of cost budget, no further validation rules will be run";
  return undefined;
}
