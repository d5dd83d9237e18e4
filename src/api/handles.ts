declare const tag: unique symbol;

/** A string that may not be passed for another one of the same shape. It exists for the type checker alone. */
type Tagged<Name extends string> = string & { readonly [tag]: Name };

/** A volume as its CSI driver names it. */
export type VolumeHandle = Tagged<"VolumeHandle">;
/** A snapshot of one volume as its CSI driver names it. */
export type SnapshotHandle = Tagged<"SnapshotHandle">;
/** A snapshot of several volumes at one instant as its CSI driver names it. */
export type GroupSnapshotHandle = Tagged<"GroupSnapshotHandle">;

// Handles come from a driver's answer or from a stored object: these three are where plain strings become handles.
export const volumeHandle = (text: string) => text as VolumeHandle;
export const snapshotHandle = (text: string) => text as SnapshotHandle;
export const groupSnapshotHandle = (text: string) => text as GroupSnapshotHandle;
