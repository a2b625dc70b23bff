import { fork } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { ProgramOptions } from './program.ts';
import { type Runs, startRuns } from './runs.ts';

let runs: Runs | undefined;
afterEach(async () => {
  await runs?.stop();
  runs = undefined;
});

function start(options: ProgramOptions): Promise<number | null> {
  const child = fork(join(import.meta.dirname, 'program.ts'), [JSON.stringify(options)]);
  return new Promise((resolve) => {
    child.once('exit', resolve);
  });
}

describe('two processes on one directory', () => {
  it('run each of 20 batches once and deliver each once', async () => {
    runs = await startRuns();
    const effects = `${runs.directory}.effects`;
    writeFileSync(effects, '');
    const ids = Array.from({ length: 20 }, (_, index) => `b${index}`);
    for (const batchId of ids) await runs.add(batchId, ['r1', 'r2']);
    const options = { directory: runs.directory, baseUrl: runs.simulator.url, effects };

    expect(await Promise.all([start(options), start(options)])).toEqual([0, 0]);

    const { jobs } = await runs.simulator.journal();
    expect(jobs.map(({ batch }) => batch).toSorted()).toEqual(ids.toSorted());
    const lines = readFileSync(effects, 'utf8').trim().split('\n');
    expect(lines.map((line) => line.split(' ')[0]).toSorted()).toEqual(ids.toSorted());
    for (const id of ids) expect((await runs.batches.get(id))?.status).toBe('completed');
    expect(runs.queues.deadLetters()).toEqual([]);
  });

  it('may make a directory at the same time', async () => {
    runs = await startRuns();
    const directory = join(runs.directory, 'fresh');
    mkdirSync(runs.directory, { recursive: true });
    const effects = join(runs.directory, 'effects');
    const options = { directory, baseUrl: runs.simulator.url, effects };

    const codes = await Promise.all(Array.from({ length: 3 }, () => start(options)));

    expect(codes).toEqual([0, 0, 0]);
    rmSync(directory, { recursive: true });
  });
});
