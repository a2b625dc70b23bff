import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The lines of the only input in a simulator's stores, before its job has ended. */
export async function storedInput(dataDir: string): Promise<object[]> {
  for (const folder of ['objects', 'tables']) {
    const names = await readdir(join(dataDir, folder));
    const name = names.find((found) => !found.endsWith('.json') && !found.includes('output'));
    if (name === undefined) continue;
    const text = await readFile(join(dataDir, folder, name), 'utf8');
    return text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  }
  return [];
}
