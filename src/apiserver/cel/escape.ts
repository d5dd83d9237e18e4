/** CEL cannot spell every property name, so Kubernetes escapes them: `self.my__dash__name`, `self.__namespace__`. */
const reserved = new Set(
  (
    "true false null in as break const continue else for function if import let loop package namespace return var void " +
    "while"
  ).split(" "),
);

const escapes: Readonly<Record<string, string>> = {
  __: "__underscores__",
  ".": "__dot__",
  "-": "__dash__",
  "/": "__slash__",
};

/** The name under which rules see a property; undefined if they cannot see it at all. */
export function celName(property: string): string | undefined {
  if (!/^[A-Za-z_./-][A-Za-z0-9_./-]*$/.test(property)) return undefined;
  if (reserved.has(property)) return `__${property}__`;
  return property.replaceAll(/__|[./-]/g, (part) => escapes[part] ?? part);
}
