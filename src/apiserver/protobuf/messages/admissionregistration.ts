/** admissionregistration.k8s.io/v1 See table.ts for the notation. */
export const admissionregistration = `
MatchCondition name?=1 expression?=2
MutatingWebhook name?=1 clientConfig=2:WebhookClientConfig rules=3:[RuleWithOperations] failurePolicy?=4
  namespaceSelector=5:LabelSelector sideEffects?=6 timeoutSeconds?=7:int32 admissionReviewVersions=8:[string]
  matchPolicy?=9 reinvocationPolicy?=10 objectSelector=11:LabelSelector matchConditions=12:[MatchCondition]
MutatingWebhookConfiguration metadata=1:ObjectMeta webhooks=2:[MutatingWebhook]
Rule apiGroups=1:[string] apiVersions=2:[string] resources=3:[string] scope?=4
RuleWithOperations operations=1:[string] ...=2:Rule
ServiceReference namespace?=1 name?=2 path?=3 port?=4:int32
ValidatingWebhook name?=1 clientConfig=2:WebhookClientConfig rules=3:[RuleWithOperations] failurePolicy?=4
  namespaceSelector=5:LabelSelector sideEffects?=6 timeoutSeconds?=7:int32 admissionReviewVersions=8:[string]
  matchPolicy?=9 objectSelector=10:LabelSelector matchConditions=11:[MatchCondition]
ValidatingWebhookConfiguration metadata=1:ObjectMeta webhooks=2:[ValidatingWebhook]
WebhookClientConfig service=1:ServiceReference caBundle=2:bytes url?=3
`;
