import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { floodCostOfDay } from '../../bench/floodCost.ts';
import { ROOT } from './shellBlocks.ts';

it('docs/security.md says what a flood of requests without a key costs', () => {
  const page = readFileSync(join(ROOT, 'docs', 'security.md'), 'utf8');
  const [, table = ''] = /<!-- flood:.*?-->\n(.*?)<!-- end of flood -->/s.exec(page) ?? [];
  const rows = [...table.matchAll(/^\| (.+) \| ([\d.]+) \|$/gm)].map(([, name, usd]) => [
    name,
    usd,
  ]);

  const { requests, parts } = floodCostOfDay({ reservedConcurrency: 10, memoryMiB: 512 });
  const total = Object.values(parts).reduce((sum, dollars) => sum + dollars, 0);
  expect(rows).toEqual([
    ...Object.entries(parts).map(([name, dollars]) => [name, dollars.toFixed(2)]),
    [`all ${requests.toLocaleString('en-US')} requests`, total.toFixed(2)],
  ]);
});
