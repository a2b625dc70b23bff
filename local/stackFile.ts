import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LOCAL_STACK_FILE, type LocalStack } from '../shared/client/localStack.ts';

/**
 * Says where the running stack is reached, for the command line's `--local`.
 *
 * @returns takes it back; a run that is killed leaves the file, which names a process that is gone
 */
export function writeStackFile(dataDirectory: string, stack: LocalStack): () => void {
  const path = join(dataDirectory, LOCAL_STACK_FILE);
  // Beside and then over: whoever reads it finds a whole one.
  writeFileSync(`${path}.new`, `${JSON.stringify(stack)}\n`);
  renameSync(`${path}.new`, path);
  return () => rmSync(path, { force: true });
}
