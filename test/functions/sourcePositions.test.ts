import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { nameSources } from '../../functions/sourcePositions.ts';
import { bundle } from '../../infra/bundles.ts';

const run = promisify(execFile);
const SOURCE_POSITIONS = new URL('../../functions/sourcePositions.ts', import.meta.url).href;

const SOURCE = `import { fail } from './fail.ts';
export async function handler(): Promise<never> {
  try {
    return fail('inner');
  } catch (cause) {
    throw new Error('outer', { cause });
  }
}
`;
const FAIL = `export function fail(message: string): never {

  throw new TypeError(message);
}
`;

/** The stacks of what a bundled function throws, and of its cause: in Node itself, as Vite maps them, too. */
async function stacksOf({ withMap }: { readonly withMap: boolean }): Promise<readonly string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'sources-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  await writeFile(join(directory, 'fail.ts'), FAIL);
  await writeFile(join(directory, 'index.ts'), SOURCE);
  const out = join(directory, 'out');
  await bundle({ index: join(directory, 'index.ts') }, out);
  if (!withMap) await rm(join(out, 'index.mjs.map'));
  const code = `
    const { nameSources } = await import(${JSON.stringify(SOURCE_POSITIONS)});
    const { handler } = await import(${JSON.stringify(pathToFileURL(join(out, 'index.mjs')).href)});
    const error = await handler().catch((error) => error);
    nameSources(error);
    console.log(JSON.stringify([error.stack, error.cause.stack]));`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', code]);
  return JSON.parse(stdout);
}

test('the stack of an error and of its cause name the places in the source', async () => {
  const [stack, causeStack] = await stacksOf({ withMap: true });
  expect(stack).toMatch(/^Error: outer\n/);
  expect(stack).toMatch(/index\.ts:6:11/);
  expect(causeStack).toMatch(/fail\.ts:3:9/);
  expect(stack).not.toContain('index.mjs');
});

test('without a map, the stack stays as it is', async () => {
  const [stack] = await stacksOf({ withMap: false });
  expect(stack).toMatch(/file:\/\/.*index\.mjs:\d+:\d+/);
});

test('what has no stack, is frozen, or causes itself is left alone', () => {
  const circular: Error & { cause?: unknown } = new Error('circular');
  circular.cause = circular;
  const frozen = Object.freeze(new Error('frozen'));
  for (const each of [circular, frozen, 'a text', undefined, null]) nameSources(each);
  expect(frozen.stack).toContain('frozen');
});
