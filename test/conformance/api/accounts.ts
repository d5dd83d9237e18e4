import { type Api, objectOf } from "./api.ts";

/** A service account of a case, and how it asks. */
export interface Account {
  /** system:serviceaccount:NAMESPACE:NAME */
  readonly user: string;
  readonly token: string;
  /** Headers that make a request the account's. */
  readonly headers: { readonly authorization: string };
}

/** Makes a service account in the case's namespace, and a token for it. */
export async function account({ make, post, here, namespace }: Api, name = "walker"): Promise<Account> {
  const path = `/api/v1${here}/serviceaccounts`;
  await make(path, { metadata: { name } });
  const answer = await post(`${path}/${name}/token`, { spec: { expirationSeconds: 3600 } });
  const { status } = objectOf(answer) as { status?: { token: string } };
  if (status === undefined) throw new Error(`no token for ${name}: ${answer.code} ${answer.text}`);
  return {
    user: `system:serviceaccount:${namespace}:${name}`,
    token: status.token,
    headers: { authorization: `Bearer ${status.token}` },
  };
}

interface Allowed {
  readonly account: string;
  readonly rules: readonly object[];
}

/** Lets an account do what the rules say in the case's namespace. */
export async function allow({ make, here, namespace }: Api, { account: name, rules }: Allowed): Promise<void> {
  const path = `/apis/rbac.authorization.k8s.io/v1${here}`;
  await make(`${path}/roles`, { metadata: { name }, rules });
  await make(`${path}/rolebindings`, {
    metadata: { name },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
    subjects: [{ kind: "ServiceAccount", name, namespace }],
  });
}
