import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { childEnvironment } from '../../local/childEnvironment.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'app-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Runs the app as the CDK CLI does. */
function synthesize(
  batchHandler?: object,
  more: object = {},
): Promise<{ code: number; stderr: string }> {
  const env = {
    ...childEnvironment(),
    CDK_OUTDIR: directory,
    CDK_CONTEXT_JSON: JSON.stringify({ batchHandler, 'aws:cdk:bundling-stacks': [], ...more }),
  };
  return new Promise((resolve) => {
    execFile(process.execPath, ['infra/app.ts'], { env }, (error, _stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stderr });
    });
  });
}

describe('the app', () => {
  it('synthesizes a stack for any account, without one', async () => {
    const { code } = await synthesize();

    expect(code).toBe(0);
    const manifest = JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8'));
    expect(manifest.artifacts.BatchHandler.environment).toBe(
      'aws://unknown-account/unknown-region',
    );
  });

  it('gives the stack the name in the context', async () => {
    expect(await synthesize(undefined, { batchHandlerStack: 'Staging' })).toMatchObject({
      code: 0,
    });
    const manifest = JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8'));
    expect(manifest.artifacts).toHaveProperty('Staging');

    expect((await synthesize(undefined, { batchHandlerStack: 'a b' })).stderr).toBe(
      'batchHandlerStack is "a b": must be a letter, then up to 127 letters, digits and dashes\n',
    );
  });

  it('fails with one clear line for a wrong setting', async () => {
    const { code, stderr } = await synthesize({ scheduleMinutes: 0 });

    expect(code).toBe(1);
    expect(stderr).toBe('batchHandler.scheduleMinutes: 0 must be a whole number from 1 to 60\n');
  });
});
