import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasNoCfnLint, lintFindings } from '../support/cfnLint.ts';
import { pythonWith } from '../support/python.ts';
import { createScratchApp, type ScratchApp, typeErrors } from './scratchApp.ts';

const SYNTHESIZE = join(import.meta.dirname, 'synthesizeExamples.ts');

interface Synthesized {
  readonly example: string;
  readonly assembly: string;
  readonly stackNames: readonly string[];
  readonly findings: readonly { readonly rule: string; readonly logicalId?: string }[];
}

const python = pythonWith(['boto3==1.41.5']);

let app: ScratchApp;
let synthesized: readonly Synthesized[];

/** Runs a script with Node in the app, as somebody would who has installed the package. */
function node(...args: readonly string[]) {
  return promisify(execFile)(process.execPath, args, {
    cwd: app.directory,
    env: { PATH: process.env.PATH },
  });
}

beforeAll(async () => {
  app = await createScratchApp();
  const { stdout } = await node(SYNTHESIZE, join(app.directory, 'examples'));
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  synthesized = lines.map((line) => JSON.parse(line));
});
afterAll(() => {
  for (const { assembly } of synthesized ?? []) rmSync(assembly, { recursive: true, force: true });
  if (app) rmSync(app.directory, { recursive: true, force: true });
});

describe('the package', () => {
  it('is small, and has what is built and nothing else', () => {
    const { size, files } = app.tarball;

    // The console may have 300 KB of it. The pictures of its page are in the repository only.
    expect(size).toBeLessThan(4_500_000);
    const folderOf = (path: string) =>
      /^docs(?=\/)/.exec(path)?.[0] ?? path.split('/').slice(0, 2).join('/');
    const folders = new Set(files.map(({ path }) => folderOf(path)));
    expect([...folders].sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'dist/console',
      'dist/functions',
      'dist/package',
      'docs',
      'examples/requests.jsonl',
      'infra/nodeHttp.cjs',
      'local/lambda',
      'package.json',
    ]);
    const sources = files.filter(({ path }) => /(?<!\.d)\.ts$/.test(path));
    expect(sources).toEqual([]);
  });

  it('has types for module resolution bundler', async () => {
    const options = { module: 'esnext', moduleResolution: 'bundler', skipLibCheck: true };
    expect(await typeErrors(app.directory, options)).toEqual([]);
  });

  it('has types for module resolution nodenext, which stand on what it declares', async () => {
    const options = { module: 'nodenext', skipLibCheck: false };
    expect(await typeErrors(app.directory, options)).toEqual([]);
  });

  // `"module": "commonjs"` of older `cdk init` templates, with ts-node, reads no `exports`.
  it('leads resolvers that do not know exports to the same files', () => {
    const manifest = JSON.parse(
      readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'),
    );
    const { '.': main, './package.json': _, ...subpaths } = manifest.exports;

    expect(manifest).toMatchObject({ main: main.default, types: main.types });
    expect(manifest.typesVersions).toEqual({
      '*': Object.fromEntries(
        Object.entries<{ types: string }>(subpaths).map(([path, { types }]) => [
          path.slice('./'.length),
          [types],
        ]),
      ),
    });
  });

  it('can be required', async () => {
    const { stdout } = await node(join('app', 'required.cjs'));

    expect(stdout).toBe('function,function,function,function,function');
  });
});

describe('the examples, with the package installed', () => {
  it('are synthesized, all seven', () => {
    expect(synthesized.map(({ example, stackNames }) => [example, ...stackNames])).toEqual([
      ['events-and-alarms', 'EventsAndAlarms'],
      ['own-storage', 'OwnStorage'],
      ['processor-elsewhere', 'Service', 'Batches'],
      ['python-processor', 'PythonProcessor'],
      ['several-providers', 'SeveralProviders'],
      ['single-requests', 'SingleRequests'],
      ['smallest', 'Smallest'],
    ]);
  });

  it('have handlers in which cdk-nag finds nothing', () => {
    const all = synthesized.flatMap(({ findings }) => findings);

    // It has looked: the functions of the examples themselves are as plain as can be.
    expect(all.length).toBeGreaterThan(0);
    expect(all.filter(({ logicalId }) => logicalId?.startsWith('Batches'))).toEqual([]);
  });

  it.skipIf(hasNoCfnLint)('have templates in which cfn-lint finds nothing', async () => {
    const templates = synthesized.flatMap(({ assembly, stackNames }) =>
      stackNames.map((name) => join(assembly, `${name}.template.json`)),
    );

    expect(await lintFindings(templates)).toEqual([]);
  });

  it('run locally, and call the processor', async () => {
    const { batchId, log } = await runLocally('smallest');

    expect(log).toContain(`{"batchId":"${batchId}","rows":24,`);
  });

  it('run locally with the stack of the processor', async () => {
    const { batchId, log, deliveries } = await runLocally('processor-elsewhere');

    expect(deliveries).toBe(1);
    expect(log).toMatch(/^START /);
    expect(batchId).toMatch(/^requests-/);
  });

  it.skipIf('missing' in python)('run locally with a processor in Python', async () => {
    const bin = 'python' in python ? dirname(python.python) : '';
    const { deliveries, log } = await runLocally('python-processor', bin);

    expect({ deliveries, log: log.match(/^\w+/gm) }).toEqual({
      deliveries: 1,
      log: ['START', 'REPORT'],
    });
  });
});

/** Runs an example's stack until its batch has ended. */
async function runLocally(name: string, bin = '') {
  const { assembly = '' } = synthesized.find(({ example }) => example === name) ?? {};
  const cli = join('node_modules', 'batch-handler', 'dist', 'package', 'cli', 'main.js');
  const data = join(app.directory, 'data', name);
  const args = ['local', '--assembly', assembly, '--json', '--interval', '0.5', '--data', data];

  const { stdout } = await promisify(execFile)(process.execPath, [cli, ...args], {
    cwd: app.directory,
    env: { PATH: `${bin}:${process.env.PATH}` },
  });

  const { batchId, status, counts, deliveries } = JSON.parse(stdout);
  expect({ status, counts }).toEqual({
    status: 'completed',
    counts: { total: 24, succeeded: 24, failed: 0 },
  });
  const logs = join(data, 'logs');
  const [file = ''] = readdirSync(logs).filter((each) => each.includes('-Processor'));
  return { batchId, deliveries, log: readFileSync(join(logs, file), 'utf8') };
}
