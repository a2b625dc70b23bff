import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Removes descriptions that a kill cut short. fauxqs writes an object's description in place and
 * refuses to start when it cannot parse one; a write that was cut short was never confirmed, so
 * the object does not exist.
 */
export function dropTornFiles(directory: string): void {
  if (!existsSync(directory)) return;
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true }))
    if (entry.isFile() && entry.name.endsWith('.json'))
      dropIfTorn(join(entry.parentPath, entry.name));
}

function dropIfTorn(path: string): void {
  try {
    JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    rmSync(path);
  }
}
