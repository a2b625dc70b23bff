import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../shared/batch/policy.ts';

it('docs/lifecycle.md names every default of the policy', async () => {
  const page = await readFile(new URL('../../docs/lifecycle.md', import.meta.url), 'utf8');
  const documented = [...page.matchAll(/^\| `(\w+)` \| ([^|]+) \|/gm)]
    .map(([, name = '', value = '']) => [name, value.trim()])
    .filter(([name = '']) => name in DEFAULT_POLICY);
  const actual = Object.entries(DEFAULT_POLICY).map(([name, value]) => [
    name,
    typeof value === 'object' ? `${value.baseSeconds} s to ${value.capSeconds} s` : String(value),
  ]);
  expect(documented).toEqual(actual);
});
