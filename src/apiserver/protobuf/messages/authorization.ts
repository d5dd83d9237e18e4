/** authorization.k8s.io/v1. See table.ts for the notation. */
export const authorization = `
SubjectAccessReview metadata=1:ObjectMeta spec=2:SubjectAccessReviewSpec status=3:SubjectAccessReviewStatus
LocalSubjectAccessReview metadata=1:ObjectMeta spec=2:SubjectAccessReviewSpec status=3:SubjectAccessReviewStatus
SelfSubjectAccessReview metadata=1:ObjectMeta spec=2:SelfSubjectAccessReviewSpec status=3:SubjectAccessReviewStatus
SelfSubjectRulesReview metadata=1:ObjectMeta spec=2:SelfSubjectRulesReviewSpec status=3:SubjectRulesReviewStatus
SubjectAccessReviewSpec resourceAttributes=1:ResourceAttributes nonResourceAttributes=2:NonResourceAttributes user=3
  groups=4:[string] extra=5:{ExtraValue} uid=6
SubjectAccessReviewStatus allowed?=1:bool reason=2 evaluationError=3 denied=4:bool
SelfSubjectAccessReviewSpec resourceAttributes=1:ResourceAttributes nonResourceAttributes=2:NonResourceAttributes
SelfSubjectRulesReviewSpec namespace=1
SubjectRulesReviewStatus resourceRules=1:[ResourceRule] nonResourceRules=2:[NonResourceRule] incomplete?=3:bool
  evaluationError=4
ResourceAttributes namespace=1 verb=2 group=3 version=4 resource=5 subresource=6 name=7
  fieldSelector=8:FieldSelectorAttributes labelSelector=9:LabelSelectorAttributes
FieldSelectorAttributes rawSelector=1 requirements=2:[FieldSelectorRequirement]
LabelSelectorAttributes rawSelector=1 requirements=2:[LabelSelectorRequirement]
FieldSelectorRequirement key=1 operator=2 values=3:[string]
NonResourceAttributes path=1 verb=2
ResourceRule verbs=1:[string] apiGroups=2:[string] resources=3:[string] resourceNames=4:[string]
NonResourceRule verbs=1:[string] nonResourceURLs=2:[string]
ExtraValue items=1:[string]
`;
