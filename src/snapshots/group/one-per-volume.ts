import type { SnapshotHandle, VolumeHandle } from "../../api/handles.ts";

/** A snapshot as it was answered or stored: either handle may be missing. */
interface Told {
  readonly volumeHandle?: VolumeHandle;
  readonly snapshotHandle?: SnapshotHandle;
}

/**
 * Why a list of snapshots is not what was asked for: exactly one, with a handle of its own, for each source volume.
 * Undefined when it is.
 */
export function faultOf(asked: readonly VolumeHandle[], told: readonly Told[]): string | undefined {
  const got = told.map(({ volumeHandle }) => volumeHandle);
  const missing = asked.filter((volume) => !got.includes(volume));
  const foreign = got.filter((volume) => volume === undefined || !asked.includes(volume));
  const twice = asked.filter((volume) => got.indexOf(volume) !== got.lastIndexOf(volume));
  const handles = told.map(({ snapshotHandle }) => snapshotHandle);
  const faults = [
    missing.length > 0 && `no snapshot of ${namesOf(missing)}`,
    foreign.length > 0 && `a snapshot of ${namesOf(foreign)}, which was not asked for`,
    twice.length > 0 && `more than one snapshot of ${namesOf(twice)}`,
    handles.some((handle) => !handle) && "a snapshot without a handle",
    new Set(handles).size < handles.length && "one handle for several snapshots",
  ].filter((fault) => fault !== false);
  if (faults.length === 0) return undefined;
  return `${told.length} snapshots for ${asked.length} volumes, with ${faults.join(", and ")}`;
}

/**
 * Why a list of snapshots is not that of the handles which an admin has brought: exactly these, or any where the admin has
 * named the group alone. Undefined when it is.
 */
export function faultOfBrought(brought: readonly SnapshotHandle[], told: readonly Told[]): string | undefined {
  const got = told.map(({ snapshotHandle }) => snapshotHandle);
  const missing = brought.filter((handle) => !got.includes(handle));
  if (brought.length === 0) return undefined;
  if (missing.length === 0 && new Set(got).size === brought.length && got.length === brought.length) return undefined;
  const without = missing.length > 0 ? `, without "${missing.slice(0, handlesShown).join('", "')}"` : "";
  return `${told.length} snapshots for the ${brought.length} of spec.source.groupSnapshotHandles${without}`;
}

/** More handles than this make no message better. */
const handlesShown = 3;

function namesOf(volumes: readonly (VolumeHandle | undefined)[]): string {
  const shown = volumes
    .slice(0, handlesShown)
    .map((volume) => (volume ? `volume "${volume}"` : "a volume without a name"));
  const more = volumes.length - shown.length;
  return shown.join(", ") + (more > 0 ? ` and ${more} more` : "");
}
