import { build, type Metafile } from 'esbuild';
import { beforeAll, expect, it } from 'vitest';
import { BUNDLE_OPTIONS } from '../../infra/bundleOptions.ts';
import { BUNDLE_ENTRIES } from '../../infra/bundles.ts';

let outputs: Metafile['outputs'] = {};
beforeAll(async () => {
  const { metafile } = await build({
    ...BUNDLE_OPTIONS,
    entryPoints: BUNDLE_ENTRIES.handler,
    outdir: 'unwritten',
    write: false,
    metafile: true,
  });
  outputs = metafile.outputs;
});

/** The files and packages that a function loads at its start, as paths in the project. */
function loadedAtStart(name: string): readonly string[] {
  const reached = new Set([`unwritten/${name}.mjs`]);
  for (const path of reached)
    for (const { kind, path: imported } of outputs[path]?.imports ?? [])
      if (kind === 'import-statement') reached.add(imported);
  return [...reached].flatMap((path) => Object.keys(outputs[path]?.inputs ?? {}));
}

const OF_THE_API =
  /shared\/http\/|node_modules\/(hono|@fastify\/busboy|@aws-sdk\/s3-request-presigner)\//;

it('only the function of the API loads the HTTP application', () => {
  expect(loadedAtStart('api').filter((path) => OF_THE_API.test(path)).length).toBeGreaterThan(10);
  for (const name of ['intake', 'sweeper', 'worker', 'outcome', 'collector', 'webhook'])
    expect(
      loadedAtStart(name).filter((path) => OF_THE_API.test(path)),
      name,
    ).toEqual([]);
});

it('the function of the API loads no server', () => {
  const loaded = loadedAtStart('api');
  expect(loaded.filter((path) => /@hono\/node-server|loopbackServer/.test(path))).toEqual([]);
});

it('a function loads only the client of the table before it is called', () => {
  const others = /node_modules\/@aws-sdk\/(client-(?!dynamodb)|lib-storage|middleware-sdk-)/;
  for (const name of ['intake', 'sweeper', 'worker', 'outcome', 'collector', 'webhook'])
    expect(
      loadedAtStart(name).filter((path) => others.test(path)),
      name,
    ).toEqual([]);
});

it('nothing imports node:http as a module, which would load undici', () => {
  const imported = Object.values(outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
  expect(imported).toContain('node:https');
  expect(imported.filter((path) => /^(node:)?http$/.test(path))).toEqual([]);
});
