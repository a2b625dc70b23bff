import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const SCRIPT = join(import.meta.dirname, '..', '..', 'bench', 'main.ts');
const bench = (...args: readonly string[]) =>
  promisify(execFile)(process.execPath, [SCRIPT, ...args]);

it('prints one line of JSON a figure, and nothing else', async () => {
  const { stdout } = await bench('--only', 'inspect', '--json');
  const figures = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(figures.map(({ name }) => name)).toEqual([
    'inspect-share-of-parse',
    'inspect-share-of-parse-1-kb',
    'inspect-throughput',
    'inspect-parse-throughput',
  ]);
  for (const figure of figures) {
    expect(Object.keys(figure)).toEqual(['name', 'value', 'unit', 'goal', 'ok']);
    expect(figure.value).toBeGreaterThan(0);
  }
});

it('lists the benchmarks if the name is unknown', async () => {
  await expect(bench('--only', 'nonsense')).rejects.toMatchObject({
    stderr: expect.stringMatching(/no benchmark nonsense: .*\binspect\b/),
  });
});
