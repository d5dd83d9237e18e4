/** rbac.authorization.k8s.io/v1 See table.ts for the notation. */
export const rbac = `
AggregationRule clusterRoleSelectors=1:[LabelSelector]
ClusterRole metadata=1:ObjectMeta rules=2:[PolicyRule] aggregationRule=3:AggregationRule
ClusterRoleBinding metadata=1:ObjectMeta subjects=2:[Subject] roleRef=3:RoleRef
PolicyRule verbs=1:[string] apiGroups=2:[string] resources=3:[string] resourceNames=4:[string]
  nonResourceURLs=5:[string]
Role metadata=1:ObjectMeta rules=2:[PolicyRule]
RoleBinding metadata=1:ObjectMeta subjects=2:[Subject] roleRef=3:RoleRef
RoleRef apiGroup?=1 kind?=2 name?=3
Subject kind?=1 apiGroup=2 name?=3 namespace=4
`;
