/** apps/v1 See table.ts for the notation. */
export const apps = `
Deployment metadata=1:ObjectMeta spec=2:DeploymentSpec status=3:DeploymentStatus
DeploymentCondition type?=1 status?=2 reason=4 message=5 lastUpdateTime=6:Time lastTransitionTime=7:Time
DeploymentSpec replicas?=1:int32 selector=2:LabelSelector template=3:PodTemplateSpec strategy=4:DeploymentStrategy
  minReadySeconds=5:int32 revisionHistoryLimit?=6:int32 paused=7:bool progressDeadlineSeconds?=9:int32
DeploymentStatus observedGeneration=1:int64 replicas=2:int32 updatedReplicas=3:int32 availableReplicas=4:int32
  unavailableReplicas=5:int32 conditions=6:[DeploymentCondition] readyReplicas=7:int32 collisionCount?=8:int32
  terminatingReplicas?=9:int32
DeploymentStrategy type=1 rollingUpdate=2:RollingUpdateDeployment
RollingUpdateDeployment maxUnavailable=1:IntOrString maxSurge=2:IntOrString
RollingUpdateStatefulSetStrategy partition?=1:int32 maxUnavailable=2:IntOrString
StatefulSet metadata=1:ObjectMeta spec=2:StatefulSetSpec status=3:StatefulSetStatus
StatefulSetCondition type?=1 status?=2 lastTransitionTime=3:Time reason=4 message=5
StatefulSetOrdinals start?=1:int32
StatefulSetPersistentVolumeClaimRetentionPolicy whenDeleted=1 whenScaled=2
StatefulSetSpec replicas?=1:int32 selector=2:LabelSelector template=3:PodTemplateSpec
  volumeClaimTemplates=4:[PersistentVolumeClaim] serviceName?=5 podManagementPolicy=6
  updateStrategy=7:StatefulSetUpdateStrategy revisionHistoryLimit?=8:int32 minReadySeconds=9:int32
  persistentVolumeClaimRetentionPolicy=10:StatefulSetPersistentVolumeClaimRetentionPolicy
  ordinals=11:StatefulSetOrdinals
StatefulSetStatus observedGeneration=1:int64 replicas?=2:int32 readyReplicas=3:int32 currentReplicas=4:int32
  updatedReplicas=5:int32 currentRevision=6 updateRevision=7 collisionCount?=9:int32
  conditions=10:[StatefulSetCondition] availableReplicas?=11:int32
StatefulSetUpdateStrategy type=1 rollingUpdate=2:RollingUpdateStatefulSetStrategy
`;
