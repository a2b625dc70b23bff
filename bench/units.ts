/** MB of files are 10^6 bytes, as providers count them. */
const MEGABYTE = 1_000_000;

export function megabytes(bytes: number): number {
  return bytes / MEGABYTE;
}

/** Bytes over time in MB/s. */
export function megabytesPerSecond(bytes: number, milliseconds: number): number {
  return megabytes(bytes) / (milliseconds / 1000);
}
