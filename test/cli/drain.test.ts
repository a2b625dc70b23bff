import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../local/fixtures/eventually.ts';
import { cliRun } from '../support/cliRun.ts';
import { type HandlerRun, startHandlerRun } from '../support/handlerRun.ts';

const REQUESTS = join(import.meta.dirname, '..', '..', 'examples', 'requests.jsonl');

let run: HandlerRun;
let local: string;
beforeAll(async () => {
  run = await startHandlerRun();
  local = `--local=${run.dataDirectory}`;
});
afterAll(() => run?.stop());

it('pauses, cancels, waits until nothing is outstanding, and prints what a removal keeps', async () => {
  // Prepare
  await cliRun(['pause', 'openai', local]);
  for (const id of ['a', 'b']) {
    await cliRun(['add', REQUESTS, '--id', id, local]);
    await eventually(
      () => cliRun(['show', id, local]),
      ({ code }) => code === 0,
    );
  }

  // Act
  const declined = await cliRun(['drain', local], { answer: '' });
  const drained = await cliRun(['drain', local, '--yes']);
  const again = await cliRun(['drain', local, '--yes', '--json']);
  const listed = await cliRun(['list', local, '--json']);

  // Assess
  expect(declined).toMatchObject({ code: 1, stdout: '' });
  expect(declined.stderr).toMatch(/2 open .*\nnothing was changed\n$/);
  expect(drained.code).toBe(0);
  // Progress is told, and the end once.
  expect(drained.stderr).not.toMatch(/^nothing is outstanding$|^2 open \(2 queued\): /m);
  expect(again.stderr).toBe('BatchHandler/Batches in stack BatchHandler: nothing is outstanding\n');
  expect(drained.stdout).toMatch(
    /^nothing is outstanding: 2 batches cancelled\ncdk destroy can remove stack BatchHandler/,
  );
  expect(drained.stdout).toMatch(
    /^ {2}aws dynamodb update-table --table-name BatchHandler-\S+ --no-deletion-protection-enabled && aws dynamodb delete-table --table-name BatchHandler-Batches/m,
  );
  expect(drained.stdout).toContain('batch-handler resume openai');
  const { cancelled, kept } = JSON.parse(again.stdout);
  expect(cancelled).toBe(0);
  expect(new Set(kept.map(({ type }: { type: string }) => type))).toEqual(
    new Set([
      'AWS::DynamoDB::GlobalTable',
      'AWS::Logs::LogGroup',
      'AWS::S3::Bucket',
      'AWS::SecretsManager::Secret',
    ]),
  );
  const statuses = listed.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).status);
  expect(statuses).toEqual(['cancelled', 'cancelled']);
});

it('ends with 1 when its time is over, tells what is left, and can be continued', async () => {
  await cliRun(['add', REQUESTS, '--id', 'c', local]);
  await eventually(
    () => cliRun(['show', 'c', local]),
    ({ code }) => code === 0,
  );

  const late = await cliRun(['drain', local, '--yes', '--timeout', '0.001']);
  const continued = await cliRun(['drain', local, '--yes']);

  expect(late).toMatchObject({ code: 1, stdout: '' });
  expect(late.stderr).toMatch(/^still outstanding after 0s: 1 open \(1 \w+\).*: c$/m);
  expect(late.stderr).toContain(`to continue: batch-handler drain --local ${run.dataDirectory}\n`);
  expect(continued.code).toBe(0);
});
