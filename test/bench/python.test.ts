import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { installPython } from '../../bench/comparison/python.ts';

const directory = mkdtempSync(join(tmpdir(), 'python-'));

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true, force: true });
});

it('a machine without Python leaves out the others, and says why', async () => {
  vi.stubEnv('PATH', directory);
  expect(await installPython(directory)).toMatch(/cannot be installed: .*python3.*ENOENT/);
});
