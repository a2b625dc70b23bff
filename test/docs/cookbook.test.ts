import { readdir, readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { processorEventSchema } from '../../shared/batch/contracts.ts';

const at = (path: string) => new URL(`../../${path}`, import.meta.url);

it('docs/cookbook.md shows the processors as they are tested', async () => {
  const page = await readFile(at('docs/cookbook.md'), 'utf8');
  const shown = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);
  const files = await readdir(at('examples/cookbook'));
  const written = await Promise.all(
    files.map((name) => readFile(at(`examples/cookbook/${name}`), 'utf8')),
  );
  expect(shown.toSorted()).toEqual(written.toSorted());
  const [, python] = /^```python\n(.*?)^```$/ms.exec(page) ?? [];
  expect(python).toBe(await readFile(at('examples/python-processor/processor/index.py'), 'utf8'));
});

it('docs/cookbook.md shows an event with every field that there is, and no other', async () => {
  const page = await readFile(at('docs/cookbook.md'), 'utf8');
  const [, json = ''] = /^```json\n(.*?)^```$/ms.exec(page) ?? [];
  const event = JSON.parse(json);
  expect(processorEventSchema.parse(event)).toEqual(event);
  expect(Object.keys(event)).toEqual(Object.keys(processorEventSchema.shape));
});
