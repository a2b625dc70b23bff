import { statSync } from 'node:fs';

/** The size of the largest of the files in bytes; files that are gone do not count. */
export function largestFileBytes(files: readonly string[]): number {
  const sizes = files.map((file) => statSync(file, { throwIfNoEntry: false })?.size ?? 0);
  return Math.max(0, ...sizes);
}
