import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { KINDS } from '../../shared/providers/kinds.ts';

const page = await readFile(new URL('../../docs/providers.md', import.meta.url), 'utf8');

it('docs/providers.md has every kind of provider', () => {
  const kinds = [...page.matchAll(/^\| `([\w-]+)` \| `LlmProvider\.\w+` \|/gm)].map(
    ([, kind]) => kind,
  );
  expect(kinds).toEqual(Object.keys(KINDS));
});

it('docs/providers.md has the limits of every kind', () => {
  const rows = [...page.matchAll(/^\| ([^|]+) \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) MB \|/gm)];
  const number = (text = '') => Number(text.replaceAll(',', ''));
  const documented = rows.map(([, name, jobs, requests, megabytes]) => [
    ...[name, number(jobs), number(requests), number(megabytes) * 1_000_000],
  ]);
  const actual = Object.values(KINDS).map(({ name, limits }) => [
    ...[name, limits.maxInFlight, limits.maxRequests, limits.maxBytes],
  ]);
  expect(documented).toEqual(actual);
});
