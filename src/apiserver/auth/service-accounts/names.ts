/** A service account, as users are named after it: system:serviceaccount:NAMESPACE:NAME. */
export interface Account {
  readonly namespace: string;
  readonly name: string;
}

const prefix = "system:serviceaccount:";

export const serviceAccountName = ({ namespace, name }: Account) => `${prefix}${namespace}:${name}`;

export function splitServiceAccountName(user: string): Account | undefined {
  if (!user.startsWith(prefix)) return undefined;
  const [namespace, name, ...more] = user.slice(prefix.length).split(":");
  return namespace && name && more.length === 0 ? { namespace, name } : undefined;
}

export const serviceAccountGroups = (namespace: string): readonly string[] => [
  "system:serviceaccounts",
  `system:serviceaccounts:${namespace}`,
];
