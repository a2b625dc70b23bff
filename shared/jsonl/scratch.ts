import { randomUUID } from 'node:crypto';
import { readSync } from 'node:fs';
import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Scratch, ScratchFile } from '../batch/ports.ts';

const PREFIX = 'batch-handler-';

/** Once per process and root: a second scratch must not remove the files of the first. */
const preparations = new Map<string, Promise<unknown>>();

/**
 * Files on local disk, in a directory of this process.
 *
 * @param root default: the system's temporary directory, which on Lambda outlives a killed process
 */
export function diskScratch(root = tmpdir()): Scratch {
  const directory = join(root, `${PREFIX}${process.pid}`);
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

/** A process that was killed leaves its files, and the disk would fill up with them. */
async function removeLeftovers(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    const pid = Number(name.slice(PREFIX.length));
    if (!name.startsWith(PREFIX) || !Number.isInteger(pid) || isAlive(pid)) continue;
    // It may be another user's, or somebody else is removing it too: no reason to stop.
    await rm(join(root, name), { recursive: true, force: true }).catch(() => {});
  }
}

/** A directory under this process's own id is of an earlier process that had the same. */
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
