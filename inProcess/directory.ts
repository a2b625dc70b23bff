import { randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { ClientError } from '../shared/client/clientError.ts';
import { isRunning } from '../shared/client/localStack.ts';

/** What the directory of a handler says about it, for the command line. It holds no keys. */
const descriptionSchema = z.object({
  /** Of the package that wrote it. */
  version: z.string(),
  /** As `settingsSchema` reads them: the provider entries and the policy. */
  settings: z.record(z.string(), z.json()),
  /** Provider entry → its limits, those of its kind included. */
  limits: z.record(z.string(), z.record(z.string(), z.number())),
});
export type DirectoryDescription = z.infer<typeof descriptionSchema>;

const DESCRIPTION_FILE = 'handler.json';
/** Holds a file for each process that runs the handler. Its name is the process id. */
const PROCESSES = 'processes';
const HEARTBEAT_MS = 5_000;
/** Without a heartbeat for this long, the process was killed, and its id may be that of another. */
const SILENCE_MS = 30_000;

/** Writes the description, which appears complete or not at all. Several processes may write it. */
export function writeDescription(directory: string, description: DirectoryDescription): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, DESCRIPTION_FILE);
  const written = `${path}.${randomUUID()}`;
  writeFileSync(written, `${JSON.stringify(description, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(written, path);
}

/**
 * Reads the description of a handler.
 *
 * @throws ClientError `no_handler` if the directory is not that of a handler
 */
export function readDescription(directory: string): DirectoryDescription {
  const path = join(directory, DESCRIPTION_FILE);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const message = `there is no handler in ${directory}: name the directory that your program gives to createBatchHandler, and start the program once`;
    throw new ClientError('no_handler', message, { cause });
  }
  try {
    return descriptionSchema.parse(JSON.parse(text));
  } catch (cause) {
    const message = `${path} is not what this version of batch-handler writes: start your program again, which writes it`;
    throw new ClientError('no_handler', message, { cause });
  }
}

/**
 * Notes that this process runs the handler.
 *
 * @returns takes the note back. One of a process that was killed does not count
 */
export function announceProcess(directory: string): () => void {
  const folder = join(directory, PROCESSES);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, String(process.pid));
  const beat = (): void => writeFileSync(path, '', { mode: 0o600 });
  beat();
  const timer = setInterval(() => {
    try {
      beat();
    } catch {
      // The disk may be full. Until a later beat succeeds, the command line does not count this process.
    }
  }, HEARTBEAT_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    rmSync(path, { force: true });
  };
}

/** Ids of the processes that run the handler. */
export function runningProcesses(directory: string): readonly number[] {
  const folder = join(directory, PROCESSES);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /^\d+$/.test(name) && isBeating(join(folder, name)))
    .map(Number)
    .filter(isRunning);
}

function isBeating(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && Date.now() - found.mtimeMs < SILENCE_MS;
}
