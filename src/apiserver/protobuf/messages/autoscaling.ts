/** autoscaling/v1, as far as subresources speak of it. See table.ts for the notation. */
export const autoscaling = `
Scale metadata=1:ObjectMeta spec=2:ScaleSpec status=3:ScaleStatus
ScaleSpec replicas=1:int32
ScaleStatus replicas?=1:int32 selector=2
`;
