import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readJournal, sentAgain } from '../../simulators/engine/journal.ts';
import {
  descendants,
  type LocalRun,
  leftRunning,
  startLocalRun,
} from '../local/fixtures/localRun.ts';
import { temporaryDirectory } from '../local/fixtures/toyStack.ts';
import { synthesizedStack } from '../support/localStackAssembly.ts';
import { requestLine } from '../support/world.ts';

const IDS = Array.from({ length: 40 }, (_, index) => `request-${index}`);

test('a local run that is killed while it submits and while it collects loses and repeats nothing', async () => {
  // Prepare
  const directory = temporaryDirectory();
  const assembly = await synthesizedStack();
  const file = join(directory, 'requests.jsonl');
  writeFileSync(file, IDS.map((customId) => `${requestLine(customId)}\n`).join(''));
  const data = join(directory, 'data');
  const start = () =>
    startLocalRun(
      [file, '--json', '--data', data, '--assembly', assembly].concat(
        ['--interval', '1'],
        ['--plan', 'expired,completed'],
      ),
    );

  // Act
  for (const status of ['submitting', 'collecting']) {
    const run = start();
    const shown = new RegExp(`  ${status} `);
    const seen = await Promise.race([shows(run, shown), run.ended]);
    const children = descendants(run.process.pid ?? 0);
    run.process.kill('SIGKILL');
    await run.ended;
    expect(seen, run.stderr()).toBe('shown');
    expect(children.length).toBeGreaterThanOrEqual(4);
    expect(await leftRunning(children)).toEqual([]);
  }
  const last = start();
  const code = await last.ended;

  // Assess
  expect(code, last.stderr()).toBe(0);
  expect(JSON.parse(last.stdout())).toMatchObject({
    status: 'completed',
    attempts: 2,
    counts: { total: IDS.length, succeeded: IDS.length, failed: 0 },
  });
  const { jobs } = await readJournal(join(data, 'simulators', 'openai'));
  expect(jobs.map(({ key, status }) => [key?.split('-')[1], status])).toEqual([
    ['1', 'expired'],
    ['2', 'completed'],
  ]);
  expect(sentAgain(jobs)).toEqual([]);
});

/** Waits for a line of the progress that a run shows. */
function shows(run: LocalRun, line: RegExp): Promise<'shown'> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (line.test(run.stderr())) resolve('shown');
    };
    run.process.stderr?.on('data', look);
    look();
  });
}
