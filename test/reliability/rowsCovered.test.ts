import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROW_NUMBERS } from './rows.ts';

test('each of the 23 faults has tests that carry its name', () => {
  const sources = readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => readFileSync(join(import.meta.dirname, file), 'utf8'));

  const named = sources.flatMap((source) =>
    [...source.matchAll(/^\s*describe\(row\((\d+)\), /gm)].map(([, number]) => Number(number)),
  );

  expect(named.toSorted((a, b) => a - b)).toEqual(ROW_NUMBERS);
  expect(ROW_NUMBERS).toHaveLength(23);
});
