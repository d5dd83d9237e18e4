import { equalJson, type JsonObject, parseJson, stringifyJson } from "../../lib/json.ts";
import { sourceAnnotation } from "../annotations.ts";
import { annotated, isObject, type Parts } from "./convert-parts.ts";

// The first v1alpha1 said otherwise where a content comes from: by the names of PersistentVolumes, or by the handle of the
// group snapshot alone. No version since has a field for the names; as handles they would be taken for something that they
// are not, so such a content has no volumes.

/** From v1alpha1. A source that is not as later versions have it is carried as it was written. */
export function renewSource(parts: Parts): Parts {
  const { source } = parts;
  const isOld = source !== undefined && ("persistentVolumeNames" in source || "volumeGroupSnapshotHandle" in source);
  const carried = annotated(parts, sourceAnnotation, isOld ? stringifyJson(source) : undefined);
  return isOld ? { ...carried, source: renewed(source) } : carried;
}

/** To v1alpha1. */
export function restoreSource(parts: Parts): Parts {
  const written = writtenSource(parts.annotations[sourceAnnotation]);
  const isCarried = written !== undefined && equalJson(renewed(written), parts.source ?? {});
  return isCarried ? { ...annotated(parts, sourceAnnotation, undefined), source: written } : parts;
}

function renewed({ persistentVolumeNames: _names, volumeGroupSnapshotHandle, ...source }: JsonObject): JsonObject {
  if ("volumeHandles" in source || "groupSnapshotHandles" in source) return source;
  if (volumeGroupSnapshotHandle === undefined) return { ...source, volumeHandles: [] };
  return { ...source, groupSnapshotHandles: { volumeGroupSnapshotHandle, volumeSnapshotHandles: [] } };
}

/** An annotation that cannot be read is as good as none: anybody may write annotations. */
function writtenSource(text: string | undefined): JsonObject | undefined {
  if (text === undefined) return undefined;
  try {
    const value = parseJson(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined; // as said above
  }
}
