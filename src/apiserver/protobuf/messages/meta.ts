/** What all kinds share: metadata, lists, Status, DeleteOptions. See table.ts for the notation. */
export const meta = `
DeleteOptions gracePeriodSeconds?=1:int64 preconditions=2:Preconditions orphanDependents?=3:bool propagationPolicy?=4
  dryRun=5:[string] ignoreStoreReadErrorWithClusterBreakingPotential?=6:bool
LabelSelector matchLabels=1:{string} matchExpressions=2:[LabelSelectorRequirement]
LabelSelectorRequirement key?=1 operator?=2 values=3:[string]
ListMeta selfLink=1 resourceVersion=2 continue=3 remainingItemCount?=4:int64 shardInfo=5:ShardInfo
ManagedFieldsEntry manager=1 operation=2 apiVersion=3 time=4:Time fieldsType=6 fieldsV1=7:FieldsV1 subresource=8
ObjectMeta name=1 generateName=2 namespace=3 selfLink=4 uid=5 resourceVersion=6 generation=7:int64
  creationTimestamp=8:Time deletionTimestamp=9:Time deletionGracePeriodSeconds?=10:int64 labels=11:{string}
  annotations=12:{string} ownerReferences=13:[OwnerReference] finalizers=14:[string]
  managedFields=17:[ManagedFieldsEntry]
OwnerReference kind?=1 name?=3 uid?=4 apiVersion?=5 controller?=6:bool blockOwnerDeletion?=7:bool
PartialObjectMetadata metadata=1:ObjectMeta
Preconditions uid?=1 resourceVersion?=2
ShardInfo selector?=1
Status metadata=1:ListMeta status=2 message=3 reason=4 details=5:StatusDetails code=6:int32
StatusCause reason=1 message=2 field=3
StatusDetails name=1 group=2 kind=3 causes=4:[StatusCause] retryAfterSeconds=5:int32 uid=6
FieldsV1 raw=1:json
IntOrString type?=1:int64 intVal?=2:int32 strVal?=3
MicroTime seconds?=1:int64 nanos?=2:int32
Quantity string?=1
Time seconds?=1:int64 nanos?=2:int32
`;
