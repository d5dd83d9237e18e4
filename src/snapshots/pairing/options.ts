/** What an admin decides for all snapshots of a cluster. */
export interface SnapshotOptions {
  /** Contents are labelled with the node that reaches their volumes, for sidecars that run on every node. */
  readonly distributedSnapshotting?: boolean;
  /** Unless it is false, contents tell the mode of their volume, and no volume of the other mode is made from them unasked. */
  readonly preventVolumeModeConversion?: boolean;
  /** Unless it is false, group snapshots are worked on. */
  readonly groupSnapshots?: boolean;
}
