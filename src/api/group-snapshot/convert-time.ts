import { creationTimeAnnotation } from "../annotations.ts";
import { isInt64, momentOf, nanosecondsOf } from "./convert-moment.ts";
import { annotated, malformed, type Parts, withStatusField } from "./convert-parts.ts";

/** To v1alpha1, whose contents have nanoseconds. A moment that is written in another way than ours is carried as written. */
export function momentToNanoseconds(parts: Parts): Parts {
  const text = parts.status?.creationTime;
  if (text === undefined || text === null) return annotated(parts, creationTimeAnnotation, undefined);
  if (typeof text !== "string") throw malformed("status.creationTime", "a moment as RFC 3339");
  const ns = nanosecondsOf(text);
  const isPlain = ns !== undefined && momentOf(ns) === text;
  return annotated(withStatusField(parts, "creationTime", ns), creationTimeAnnotation, isPlain ? undefined : text);
}

/** From v1alpha1. */
export function nanosecondsToMoment(parts: Parts): Parts {
  const ns = parts.status?.creationTime ?? undefined;
  if (ns !== undefined && !isInt64(ns)) throw malformed("status.creationTime", "nanoseconds since 1970, in 64 bits");
  const written = parts.annotations[creationTimeAnnotation];
  const isCarried = written !== undefined && nanosecondsOf(written) === ns;
  const moment = ns === undefined ? undefined : momentOf(ns);
  const text = isCarried ? written : moment;
  return withStatusField(annotated(parts, creationTimeAnnotation, undefined), "creationTime", text);
}
