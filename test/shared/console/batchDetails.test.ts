import { expect, it } from 'vitest';
import { pasteable } from '../../../cli/hints.ts';
import { NewerSchemaError } from '../../../shared/batch/errors.ts';
import { batchInfo } from '../../../shared/client/batchInfo.ts';
import { commandsOf, readBatch } from '../../../shared/console/batchDetails.ts';
import { type Given, given, OBJECTS, ROWS } from '../../support/given.ts';

const commands = (batch: Given) =>
  commandsOf(batchInfo(batch, OBJECTS)).map(({ text }) => text.replace('batch-handler ', ''));

it('offers the commands that the status of a batch allows', () => {
  const always = ['show b1', 'show b1 --html > b1.html'];
  expect(commands(given('queued'))).toEqual([...always, 'watch b1', 'cancel b1']);
  expect(commands(given('queued', { cancelRequested: true }))).toEqual([...always, 'watch b1']);
  const rows = ['results b1', 'results b1 --errors'];
  expect(commands(given('completed'))).toEqual([...always, ...rows, 'retry b1', 'redeliver b1']);
  const counts = { total: 10, succeeded: 10, failed: 0, unfinished: 0 };
  const whole = given('completed', { counts });
  expect(commands(whole)).toEqual([...always, 'results b1', 'redeliver b1']);
  expect(commands(given('failed', { rows: undefined }))).toEqual(always);
  expect(commands(given('completed', { batchId: 'b1/2', rows: ROWS }))).toEqual([
    ...['show b1/2', 'show b1/2 --html > b1-2.html', 'results b1/2', 'results b1/2 --errors'],
  ]);
});

it('completes the command that writes a file before the name of the file', () => {
  const text = pasteable('batch-handler show b1/2 --html > b1-2.html', 'bh', { directory: 'd' });
  expect(text).toBe('bh show b1/2 --html --directory d > b1-2.html');
});

it('tells what can be told of a record that cannot be read, and of no other error', async () => {
  const unreadable = { batchId: 'b1', why: 'newer' };
  const client = (error: Error) => ({
    getBatch: async () => Promise.reject(error),
    getParts: async () => [],
    readUnreadable: async () => unreadable,
  });
  expect(await readBatch(client(new NewerSchemaError('b1', 99)), 'b1')).toEqual({ unreadable });
  await expect(readBatch(client(new Error('no network')), 'b1')).rejects.toThrow('no network');
});
