/** coordination.k8s.io/v1 See table.ts for the notation. */
export const coordination = `
Lease metadata=1:ObjectMeta spec=2:LeaseSpec
LeaseSpec holderIdentity?=1 leaseDurationSeconds?=2:int32 acquireTime=3:MicroTime renewTime=4:MicroTime
  leaseTransitions?=5:int32 strategy?=6 preferredHolder?=7
`;
