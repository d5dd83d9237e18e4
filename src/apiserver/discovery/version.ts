const shape = /^v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?$/;
const stability = { alpha: 0, beta: 1 } as const;

/**
 * Sorts API versions as Kubernetes prefers them: v2 before v1 before v1beta2 before v1beta1 before v1alpha1, and names
 * of any other form last, in alphabetical order.
 */
export function compareVersions(a: string, b: string): number {
  const left = shape.exec(a);
  const right = shape.exec(b);
  if (!left || !right) return left ? -1 : right ? 1 : a < b ? -1 : a > b ? 1 : 0;
  return (
    levelOf(right) - levelOf(left) || Number(right[1]) - Number(left[1]) || Number(right[3] ?? 0) - Number(left[3] ?? 0)
  );
}

const levelOf = (match: RegExpExecArray) => stability[match[2] as keyof typeof stability] ?? 2; // alpha, beta or none
