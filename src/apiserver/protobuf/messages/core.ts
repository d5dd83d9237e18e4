/** The core group but for what only pods have: namespaces, config maps, secrets, events, nodes, volumes, claims. See table.ts for the notation. */
export const core = `
AWSElasticBlockStoreVolumeSource volumeID?=1 fsType=2 partition=3:int32 readOnly=4:bool
AttachedVolume name?=1 devicePath?=2
AzureDiskVolumeSource diskName?=1 diskURI?=2 cachingMode?=3 fsType?=4 readOnly?=5:bool kind?=6
AzureFilePersistentVolumeSource secretName?=1 shareName?=2 readOnly=3:bool secretNamespace?=4
CSIPersistentVolumeSource driver?=1 volumeHandle?=2 readOnly=3:bool fsType=4 volumeAttributes=5:{string}
  controllerPublishSecretRef=6:SecretReference nodeStageSecretRef=7:SecretReference
  nodePublishSecretRef=8:SecretReference controllerExpandSecretRef=9:SecretReference
  nodeExpandSecretRef=10:SecretReference
CephFSPersistentVolumeSource monitors=1:[string] path=2 user=3 secretFile=4 secretRef=5:SecretReference
  readOnly=6:bool
CinderPersistentVolumeSource volumeID?=1 fsType=2 readOnly=3:bool secretRef=4:SecretReference
ConfigMap metadata=1:ObjectMeta data=2:{string} binaryData=3:{bytes} immutable?=4:bool
ConfigMapNodeConfigSource namespace?=1 name?=2 uid=3 resourceVersion=4 kubeletConfigKey?=5
ContainerImage names=1:[string] sizeBytes=2:int64
DaemonEndpoint Port?=1:int32
Event metadata=1:ObjectMeta involvedObject=2:ObjectReference reason=3 message=4 source=5:EventSource
  firstTimestamp=6:Time lastTimestamp=7:Time count=8:int32 type=9 eventTime=10:MicroTime series=11:EventSeries
  action=12 related=13:ObjectReference reportingComponent?=14 reportingInstance?=15
EventSeries count=1:int32 lastObservedTime=2:MicroTime
EventSource component=1 host=2
FCVolumeSource targetWWNs=1:[string] lun?=2:int32 fsType=3 readOnly=4:bool wwids=5:[string]
FlexPersistentVolumeSource driver?=1 fsType=2 secretRef=3:SecretReference readOnly=4:bool options=5:{string}
FlockerVolumeSource datasetName=1 datasetUUID=2
GCEPersistentDiskVolumeSource pdName?=1 fsType=2 partition=3:int32 readOnly=4:bool
GlusterfsPersistentVolumeSource endpoints?=1 path?=2 readOnly=3:bool endpointsNamespace?=4
HostPathVolumeSource path?=1 type?=2
ISCSIPersistentVolumeSource targetPortal?=1 iqn?=2 lun?=3:int32 iscsiInterface=4 fsType=5 readOnly=6:bool
  portals=7:[string] chapAuthDiscovery=8:bool secretRef=10:SecretReference chapAuthSession=11:bool initiatorName?=12
LocalObjectReference name=1
LocalVolumeSource path?=1 fsType?=2
ModifyVolumeStatus targetVolumeAttributesClassName=1 status?=2
NFSVolumeSource server?=1 path?=2 readOnly=3:bool
Namespace metadata=1:ObjectMeta spec=2:NamespaceSpec status=3:NamespaceStatus
NamespaceCondition type?=1 status?=2 lastTransitionTime=4:Time reason=5 message=6
NamespaceSpec finalizers=1:[string]
NamespaceStatus phase=1 conditions=2:[NamespaceCondition]
Node metadata=1:ObjectMeta spec=2:NodeSpec status=3:NodeStatus
NodeAddress type?=1 address?=2
NodeCondition type?=1 status?=2 lastHeartbeatTime=3:Time lastTransitionTime=4:Time reason=5 message=6
NodeConfigSource configMap=2:ConfigMapNodeConfigSource
NodeConfigStatus assigned=1:NodeConfigSource active=2:NodeConfigSource lastKnownGood=3:NodeConfigSource error=4
NodeDaemonEndpoints kubeletEndpoint=1:DaemonEndpoint
NodeFeatures supplementalGroupsPolicy?=1:bool
NodePodPreemptionPolicy disableResizePreemption=1:[string]
NodeRuntimeHandler name?=1 features=2:NodeRuntimeHandlerFeatures
NodeRuntimeHandlerFeatures recursiveReadOnlyMounts?=1:bool userNamespaces?=2:bool
NodeSelector nodeSelectorTerms=1:[NodeSelectorTerm]
NodeSelectorRequirement key?=1 operator?=2 values=3:[string]
NodeSelectorTerm matchExpressions=1:[NodeSelectorRequirement] matchFields=2:[NodeSelectorRequirement]
NodeSpec podCIDR=1 externalID=2 providerID=3 unschedulable=4:bool taints=5:[Taint] configSource=6:NodeConfigSource
  podCIDRs=7:[string] podPreemptionPolicy=8:NodePodPreemptionPolicy
NodeStatus capacity=1:{Quantity} allocatable=2:{Quantity} phase=3 conditions=4:[NodeCondition]
  addresses=5:[NodeAddress] daemonEndpoints=6:NodeDaemonEndpoints nodeInfo=7:NodeSystemInfo images=8:[ContainerImage]
  volumesInUse=9:[string] volumesAttached=10:[AttachedVolume] config=11:NodeConfigStatus
  runtimeHandlers=12:[NodeRuntimeHandler] features=13:NodeFeatures declaredFeatures=14:[string]
NodeSwapStatus capacity?=1:int64
NodeSystemInfo machineID?=1 systemUUID?=2 bootID?=3 kernelVersion?=4 osImage?=5 containerRuntimeVersion?=6
  kubeletVersion?=7 kubeProxyVersion?=8 operatingSystem?=9 architecture?=10 swap=11:NodeSwapStatus
  runningInUserNamespace?=12:bool
ObjectReference kind=1 namespace=2 name=3 uid=4 apiVersion=5 resourceVersion=6 fieldPath=7
PersistentVolume metadata=1:ObjectMeta spec=2:PersistentVolumeSpec status=3:PersistentVolumeStatus
PersistentVolumeClaim metadata=1:ObjectMeta spec=2:PersistentVolumeClaimSpec status=3:PersistentVolumeClaimStatus
PersistentVolumeClaimCondition type?=1 status?=2 lastProbeTime=3:Time lastTransitionTime=4:Time reason=5 message=6
PersistentVolumeClaimSpec accessModes=1:[string] resources=2:VolumeResourceRequirements volumeName=3
  selector=4:LabelSelector storageClassName?=5 volumeMode?=6 dataSource=7:TypedLocalObjectReference
  dataSourceRef=8:TypedObjectReference volumeAttributesClassName?=9
PersistentVolumeClaimStatus phase=1 accessModes=2:[string] capacity=3:{Quantity}
  conditions=4:[PersistentVolumeClaimCondition] allocatedResources=5:{Quantity} allocatedResourceStatuses=7:{string}
  currentVolumeAttributesClassName?=8 modifyVolumeStatus=9:ModifyVolumeStatus healthStatus=10:VolumeHealthStatus
PersistentVolumeSource gcePersistentDisk=1:GCEPersistentDiskVolumeSource
  awsElasticBlockStore=2:AWSElasticBlockStoreVolumeSource hostPath=3:HostPathVolumeSource
  glusterfs=4:GlusterfsPersistentVolumeSource nfs=5:NFSVolumeSource rbd=6:RBDPersistentVolumeSource
  iscsi=7:ISCSIPersistentVolumeSource cinder=8:CinderPersistentVolumeSource cephfs=9:CephFSPersistentVolumeSource
  fc=10:FCVolumeSource flocker=11:FlockerVolumeSource flexVolume=12:FlexPersistentVolumeSource
  azureFile=13:AzureFilePersistentVolumeSource vsphereVolume=14:VsphereVirtualDiskVolumeSource
  quobyte=15:QuobyteVolumeSource azureDisk=16:AzureDiskVolumeSource
  photonPersistentDisk=17:PhotonPersistentDiskVolumeSource portworxVolume=18:PortworxVolumeSource
  scaleIO=19:ScaleIOPersistentVolumeSource local=20:LocalVolumeSource storageos=21:StorageOSPersistentVolumeSource
  csi=22:CSIPersistentVolumeSource
PersistentVolumeSpec capacity=1:{Quantity} ...=2:PersistentVolumeSource accessModes=3:[string]
  claimRef=4:ObjectReference persistentVolumeReclaimPolicy=5 storageClassName=6 mountOptions=7:[string] volumeMode?=8
  nodeAffinity=9:VolumeNodeAffinity volumeAttributesClassName?=10
PersistentVolumeStatus phase=1 message=2 reason=3 lastPhaseTransitionTime=4:Time
PhotonPersistentDiskVolumeSource pdID?=1 fsType=2
PortworxVolumeSource volumeID?=1 fsType=2 readOnly=3:bool
QuobyteVolumeSource registry?=1 volume?=2 readOnly=3:bool user=4 group=5 tenant=6
RBDPersistentVolumeSource monitors=1:[string] image?=2 fsType=3 pool=4 user=5 keyring=6 secretRef=7:SecretReference
  readOnly=8:bool
ScaleIOPersistentVolumeSource gateway?=1 system?=2 secretRef=3:SecretReference sslEnabled=4:bool protectionDomain=5
  storagePool=6 storageMode=7 volumeName=8 fsType=9 readOnly=10:bool
Secret metadata=1:ObjectMeta data=2:{bytes} type=3 stringData=4:{string} immutable?=5:bool
SecretReference name=1 namespace=2
ServiceAccount metadata=1:ObjectMeta secrets=2:[ObjectReference] imagePullSecrets=3:[LocalObjectReference]
  automountServiceAccountToken?=4:bool
StorageOSPersistentVolumeSource volumeName=1 volumeNamespace=2 fsType=3 readOnly=4:bool secretRef=5:ObjectReference
Taint key?=1 value=2 effect?=3 timeAdded=4:Time
TypedLocalObjectReference apiGroup?=1 kind?=2 name?=3
TypedObjectReference apiGroup?=1 kind?=2 name?=3 namespace?=4
VolumeHealthCondition status?=1 reason?=2 message=3
VolumeHealthStatus healthConditions=1:[VolumeHealthCondition] lastTransitionTime=2:Time
VolumeNodeAffinity required=1:NodeSelector
VolumeResourceRequirements limits=1:{Quantity} requests=2:{Quantity}
VsphereVirtualDiskVolumeSource volumePath?=1 fsType=2 storagePolicyName=3 storagePolicyID=4
`;
