/** storage.k8s.io/v1 See table.ts for the notation. */
export const storage = `
CSIDriver metadata=1:ObjectMeta spec=2:CSIDriverSpec
CSIDriverSpec attachRequired?=1:bool podInfoOnMount?=2:bool volumeLifecycleModes=3:[string] storageCapacity?=4:bool
  fsGroupPolicy?=5 tokenRequests=6:[TokenRequest] requiresRepublish?=7:bool seLinuxMount?=8:bool
  nodeAllocatableUpdatePeriodSeconds?=9:int64 serviceAccountTokenInSecrets?=10:bool
  preventPodSchedulingIfMissing?=11:bool
CSINode metadata=1:ObjectMeta spec=2:CSINodeSpec status=3:CSINodeStatus
CSINodeDriver name?=1 nodeID?=2 topologyKeys=3:[string] allocatable=4:VolumeNodeResources
CSINodeSpec drivers=1:[CSINodeDriver]
CSINodeStatus storageHealth=1:[StorageHealth]
CSIStorageCapacity metadata=1:ObjectMeta nodeTopology=2:LabelSelector storageClassName?=3 capacity=4:Quantity
  maximumVolumeSize=5:Quantity
StorageClass metadata=1:ObjectMeta provisioner?=2 parameters=3:{string} reclaimPolicy?=4 mountOptions=5:[string]
  allowVolumeExpansion?=6:bool volumeBindingMode?=7 allowedTopologies=8:[TopologySelectorTerm]
StorageHealth name?=1 healthConditions=2:[StorageHealthCondition]
StorageHealthCondition status?=1 reason?=2 message=3 accessMode?=4 volumeMode?=5 lastTransitionTime=6:Time
TokenRequest audience?=1 expirationSeconds?=2:int64
VolumeAttachment metadata=1:ObjectMeta spec=2:VolumeAttachmentSpec status=3:VolumeAttachmentStatus
VolumeAttachmentSource persistentVolumeName?=1 inlineVolumeSpec=2:PersistentVolumeSpec
VolumeAttachmentSpec attacher?=1 source=2:VolumeAttachmentSource nodeName?=3
VolumeAttachmentStatus attached?=1:bool attachmentMetadata=2:{string} attachError=3:VolumeError
  detachError=4:VolumeError
VolumeError time=1:Time message=2 errorCode?=3:int32
VolumeNodeResources count?=1:int32
`;
