import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** With the id of the process that made it. */
const PREFIX = 'batch-handler-console-';
const OF_PROCESS = /^batch-handler-console-(\d+)-/;

/** Those of this process. */
const OWN = new Set<string>();

/** Left free on the disk, for whatever else needs it. */
const RESERVE_BYTES = 256 * 1024 * 1024;

/**
 * A directory for the files that the page copies here, which nobody else on this machine can read. It is
 * made when it is first needed, and goes with the server. What servers have left that were killed goes when
 * the next one starts.
 */
export class SpoolDirectory {
  readonly #parent: string;
  readonly #ended: AbortSignal;
  #path: string | undefined;

  /** @param ended aborted when the server ends */
  constructor(ended: AbortSignal, parent = tmpdir()) {
    this.#parent = parent;
    this.#ended = ended;
    removeLeft(parent);
  }

  /** Where all spools of this machine are. */
  get parent(): string {
    return this.#parent;
  }

  /** The path of a file, whose name is never what somebody else has chosen. */
  pathOf(id: string): string {
    return join(this.#made(), `${id}.jsonl`);
  }

  /** How many bytes there is room for. */
  async room(): Promise<number> {
    const { bavail, bsize } = await statfs(this.#parent);
    return Math.max(0, bavail * bsize - RESERVE_BYTES);
  }

  #made(): string {
    this.#ended.throwIfAborted();
    if (this.#path !== undefined && existsSync(this.#path)) return this.#path;
    // Of mode 700.
    const path = mkdtempSync(join(this.#parent, `${PREFIX}${process.pid}-`));
    const remove = (): void => {
      process.off('exit', remove);
      OWN.delete(path);
      rmSync(path, { recursive: true, force: true });
    };
    this.#ended.addEventListener('abort', remove, { once: true });
    process.once('exit', remove);
    OWN.add(path);
    this.#path = path;
    return path;
  }
}

/** Removes what servers have left that were killed: the files may be large, and hold prompts. */
function removeLeft(parent: string): void {
  for (const name of namesIn(parent)) {
    const pid = OF_PROCESS.exec(name)?.[1];
    const path = join(parent, name);
    if (pid === undefined || isInUse(Number(pid), path)) continue;
    try {
      rmSync(path, { recursive: true, force: true });
    } catch {
      // Another user's, who removes it likewise.
    }
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    // Whoever adds a file is told what is wrong with it.
    return [];
  }
}

function isInUse(pid: number, path: string): boolean {
  // In a container, a server may have the id of the one before.
  if (pid === process.pid) return OWN.has(path);
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
