/** Texts, names and the brackets that matter, in the order in which they must be told apart. */
const piece =
  /\/\/[^\n]*|[rR]?"""[\s\S]*?"""|[rR]?'''[\s\S]*?'''|[rR]?"(?:[^"\\\n]|\\.)*"|[rR]?'(?:[^'\\\n]|\\.)*'|\.\?\s*([A-Za-z_]\w*)|\[\?|[[\]]|[\w)}]|\S/g;

/**
 * A CEL text in which `a.?b` is written `a.__select("b")` and `a[?b]` is written `a.__at(b)`, as the parser knows no
 * optional syntax. Optional elements of lists and maps stay what they are: a mistake.
 */
export function withoutOptionalSyntax(text: string): string {
  if (!text.includes("?")) return text;
  const closing: string[] = [];
  let isAfterValue = false;
  return text.replace(piece, (found: string, field: string | undefined) => {
    const wasAfterValue = isAfterValue;
    isAfterValue = /^[\w)}\]"']/.test(found) || field !== undefined || /["']$/.test(found);
    if (field !== undefined) return `.__select(${JSON.stringify(field)})`;
    if (found === "[?" && wasAfterValue) {
      closing.push(")");
      return ".__at(";
    }
    if (found === "[" || found === "[?") closing.push("]");
    if (found === "]") return closing.pop() ?? found;
    return found;
  });
}
