import type { ScratchFile } from '../batch/ports.ts';

/** Where something lies in a file, in bytes. */
export interface Place {
  readonly offset: number;
  readonly length: number;
}

/** Most that is read at once, unless one piece is larger. */
const MAX_RUN_BYTES = 1024 * 1024;
/** Reading so many bytes for nothing costs less than another call. */
const MAX_GAP_BYTES = 8 * 1024;

/**
 * Reads pieces of a file in the order in which they lie, neighbours together: few calls where they
 * lie nearly in the order in which they are asked for, and never much more than they hold.
 *
 * @returns the pieces in the order in which they are asked for
 */
export async function readInPlace(
  file: ScratchFile,
  places: readonly Place[],
): Promise<readonly Uint8Array[]> {
  const pieces: Uint8Array[] = new Array(places.length);
  for (const run of runsOf(places)) {
    const bytes = await file.read(run.start, run.end - run.start);
    for (const index of run.members) {
      const { offset, length } = places[index] as Place;
      pieces[index] = bytes.subarray(offset - run.start, offset - run.start + length);
    }
  }
  return pieces;
}

interface Run {
  readonly start: number;
  end: number;
  /** Positions among what is asked for. */
  readonly members: number[];
}

function runsOf(places: readonly Place[]): readonly Run[] {
  const runs: Run[] = [];
  let run: Run | undefined;
  const inFileOrder = [...places.entries()].sort(([, one], [, other]) => one.offset - other.offset);
  for (const [index, { offset, length }] of inFileOrder) {
    const end = offset + length;
    const joins =
      run !== undefined && offset - run.end <= MAX_GAP_BYTES && end - run.start <= MAX_RUN_BYTES;
    if (run === undefined || !joins) {
      run = { start: offset, end, members: [] };
      runs.push(run);
    }
    run.end = end;
    run.members.push(index);
  }
  return runs;
}
