/** events.k8s.io/v1 See table.ts for the notation. */
export const events = `
Event metadata=1:ObjectMeta eventTime=2:MicroTime series=3:EventSeries reportingController=4 reportingInstance=5
  action=6 reason=7 regarding=8:ObjectReference related=9:ObjectReference note=10 type=11
  deprecatedSource=12:EventSource deprecatedFirstTimestamp=13:Time deprecatedLastTimestamp=14:Time
  deprecatedCount=15:int32
EventSeries count?=1:int32 lastObservedTime=2:MicroTime
`;
