/** A volume as the order test needs it: NBD sockets, files and block devices alike. */
export interface VolumeIo {
  /** For messages: the path it was opened by. */
  readonly name: string;
  readonly sizeBytes: number;
  /** @returns exactly `length` bytes */
  read(offset: number, length: number): Promise<Buffer>;
  write(offset: number, data: Buffer): Promise<void>;
  /** Resolves once every write that was answered before is on stable storage. */
  flush(): Promise<void>;
  close(): Promise<void>;
}
