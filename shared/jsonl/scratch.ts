import { randomUUID } from 'node:crypto';
import { createReadStream, readSync } from 'node:fs';
import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Scratch, ScratchFile } from '../batch/ports.ts';
import { lineGroups, lineSink } from './lines.ts';

const DIRECTORY_PREFIX = 'batch-handler-';

/** One per process and root: a second scratch must not remove the files of the first. */
const preparations = new Map<string, Promise<unknown>>();

/**
 * Files on local disk, in a directory of this process.
 *
 * @param root default: the system's temporary directory, which on Lambda outlives a killed process
 */
export function diskScratch(root = tmpdir()): Scratch {
  const directory = join(root, `${DIRECTORY_PREFIX}${process.pid}`);
  const prepare = async () => {
    await removeLeftovers(root);
    await mkdir(directory, { recursive: true });
  };
  return {
    async create() {
      const preparation = preparations.get(root) ?? prepare();
      preparations.set(root, preparation);
      await preparation;
      return createFile(join(directory, randomUUID()));
    },
  };
}

/** Removes the files of processes that were killed, which would fill up the disk. */
async function removeLeftovers(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    const pid = Number(name.slice(DIRECTORY_PREFIX.length));
    if (!name.startsWith(DIRECTORY_PREFIX) || !Number.isInteger(pid) || isAlive(pid)) continue;
    // It may belong to another user, or another process may be removing it too.
    await rm(join(root, name), { recursive: true, force: true }).catch(() => {});
  }
}

/** A directory with this process's own id belongs to an earlier process that had the same id. */
function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

async function createFile(path: string): Promise<ScratchFile> {
  const handle = await open(path, 'wx+');
  let bytes = 0;
  return {
    path,
    get bytes() {
      return bytes;
    },
    async write(chunk) {
      for (let written = 0; written < chunk.length; ) {
        const { bytesWritten } = await handle.write(chunk, written, chunk.length - written, bytes);
        written += bytesWritten;
        bytes += bytesWritten;
      }
    },
    async read(offset, length) {
      const buffer = Buffer.allocUnsafe(length);
      // Synchronous: what was just written is in the page cache, and a trip to the thread pool for
      // each row costs several times the read.
      const bytesRead = readSync(handle.fd, buffer, 0, length, offset);
      if (bytesRead === length) return buffer;
      throw new Error(`${path} ends before byte ${offset + length}`);
    },
    async remove() {
      await handle.close();
      await rm(path, { force: true });
    },
  };
}

/**
 * Writes a file whose lines are made from the lines of another file. Memory holds a few lines,
 * whatever the size of the files.
 *
 * @returns the number of bytes written
 */
export async function translateLines(
  source: string,
  target: string,
  translate: (line: Buffer) => Uint8Array,
): Promise<number> {
  await using file = await open(target, 'w');
  let bytes = 0;
  const sink = lineSink({
    async write(chunk) {
      await file.writeFile(chunk);
      bytes += chunk.length;
    },
  });
  for await (const group of lineGroups(createReadStream(source)))
    for (const line of group) if (sink.add(translate(line.bytes))) await sink.flush();
  await sink.close();
  return bytes;
}

/** A range of a file, in bytes. */
export interface FileSpan {
  readonly offset: number;
  readonly length: number;
}

/** The most that is read at once, unless one piece is larger. */
const MAX_RUN_BYTES = 1024 * 1024;
/** Reading this many unneeded bytes costs less than another call. */
const MAX_GAP_BYTES = 8 * 1024;

/**
 * Reads ranges of a file in the order of their positions, neighbours together. That takes few
 * calls where the file's order is close to the requested one, and never reads much more than asked.
 *
 * @returns the ranges' bytes in the requested order
 */
export async function readInPlace(
  file: ScratchFile,
  spans: readonly FileSpan[],
): Promise<readonly Uint8Array[]> {
  const pieces: Uint8Array[] = new Array(spans.length);
  for (const run of runsOf(spans)) {
    const bytes = await file.read(run.start, run.end - run.start);
    for (const index of run.members) {
      const { offset, length } = spans[index] as FileSpan;
      pieces[index] = bytes.subarray(offset - run.start, offset - run.start + length);
    }
  }
  return pieces;
}

/** Neighbouring ranges that are read in one call. */
interface ReadRun {
  readonly start: number;
  end: number;
  /** Indexes of the requested ranges. */
  readonly members: number[];
}

function runsOf(spans: readonly FileSpan[]): readonly ReadRun[] {
  const runs: ReadRun[] = [];
  let run: ReadRun | undefined;
  const inFileOrder = [...spans.entries()].sort(([, one], [, other]) => one.offset - other.offset);
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
