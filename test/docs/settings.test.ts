import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { contextSchema } from '../../infra/context.ts';
import { providerContextSchema } from '../../infra/providers/llmProvider.ts';
import { limitsSchema, type Timing } from '../../shared/batch/job.ts';
import { KINDS } from '../../shared/providers/kinds.ts';

/** The rows of the tables under a heading: each the names in its first cell, and the other cells. */
async function rowsUnder(heading: string): Promise<readonly (readonly [string[], ...string[]])[]> {
  const page = await readFile(new URL('../../docs/settings.md', import.meta.url), 'utf8');
  const section = page.split(/^#+ /m).find((each) => each.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(/^\| (`.*) \|$/gm)].map(([, row = '']) => {
    const [names = '', ...cells] = row.split(' | ');
    return [[...names.matchAll(/`(\w+)`/g)].map(([, name = '']) => name), ...cells];
  });
}

const namesIn = (rows: readonly (readonly [string[], ...string[]])[]) =>
  rows.flatMap(([names]) => names).toSorted();

it('docs/settings.md has every setting of cdk.json, and no other', async () => {
  const rows = await rowsUnder('Settings');
  expect(namesIn(rows)).toEqual(Object.keys(contextSchema.shape).toSorted());
});

it('docs/settings.md has every key of a provider entry, with the kinds that take it', async () => {
  const kinds = providerContextSchema.options.map(({ shape }) => ({
    kind: [...shape.kind.values][0] ?? '',
    keys: new Set(Object.keys(shape)),
  }));
  const keys = new Set(kinds.flatMap((each) => [...each.keys]));
  const rows = await rowsUnder('Provider entries');
  expect(namesIn(rows)).toEqual([...keys].toSorted());
  for (const [names, cell = ''] of rows)
    for (const name of names) {
      const [which = ''] = cell.split(';');
      const named = [...which.matchAll(/`([\w-]+)`/g)].map(([, kind]) => kind);
      const takes = kinds.filter((each) => each.keys.has(name)).map(({ kind }) => kind);
      const isNamed = (kind: string): boolean => which.startsWith('all') !== named.includes(kind);
      const documented = kinds.map(({ kind }) => kind).filter(isNamed);
      expect(documented, name).toEqual(takes);
    }
});

it('docs/settings.md has the timing of every kind', async () => {
  const timing = Object.entries(KINDS).map(([kind, { timing: times }]) => {
    const { completionHours, progressHours }: Timing = times;
    return [kind, `${completionHours ?? 'none'}`, `${progressHours ?? 'none'}`];
  });
  const page = await readFile(new URL('../../docs/settings.md', import.meta.url), 'utf8');
  const [, section = ''] = page.split('\n## Timing\n');
  const rows = [...section.matchAll(/^\| `([a-z-]+)` \| (\w+) \| (\w+) \|$/gm)];
  expect(rows.map(([, ...cells]) => cells).toSorted()).toEqual(timing.toSorted());
});

it('docs/settings.md has every limit, with the default of OpenAI', async () => {
  const limits = Object.keys(limitsSchema.shape).map((name) => {
    const value = KINDS.openai.limits[name as keyof typeof KINDS.openai.limits];
    return [[name], value?.toLocaleString('en-US') ?? 'none'];
  });
  const rows = await rowsUnder('Limits');
  expect(rows.map(([names, value]) => [names, value])).toEqual(limits);
});
