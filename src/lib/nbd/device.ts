/**
 * What a server serves. Offsets and lengths are in bytes, inside the device: the server has checked them.
 *
 * A rejection becomes the client's error number: a Failure by its code, a system error by its name, else EIO.
 */
export interface NbdDevice {
  /** May grow while the device is served; a client learns of it when it connects. */
  sizeBytes(): number;
  readonly readOnly: boolean;
  read(offset: number, length: number): Promise<Buffer>;
  /** @param fua answer only once the data is on stable storage */
  write(offset: number, data: Buffer, fua: boolean): Promise<void>;
  /** Answers once all that was answered before, on any connection, is on stable storage. */
  flush(): Promise<void>;
  /** What it held may read as anything afterwards. */
  trim(offset: number, length: number, fua: boolean): Promise<void>;
  writeZeroes(
    offset: number,
    length: number,
    options: { readonly fua: boolean; readonly mayPunch: boolean },
  ): Promise<void>;
}
