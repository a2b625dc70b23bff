import { expect, test } from 'vitest';
import type { Outcome } from '../../../../shared/batch/job.ts';
import { KEY, rowsOf } from '../steps.ts';
import { startStub } from './stub.ts';

const JOB = { endpoint: '/v1/chat/completions', model: 'claude-haiku-4-5' };
const OUTCOME: Outcome = { kind: 'completed', jobId: 'msgbatch_1', files: ['msgbatch_1'] };
const REFERENCE = '0123456789abcdef'.repeat(2);
const line = (customId: string) =>
  `${JSON.stringify({ custom_id: customId, result: { type: 'expired' } })}\n`;
const answering = (text: string) => startStub((_call, response) => response.end(text));

test('leaves out the rows of other submissions', async () => {
  const others = [`${KEY}1_${REFERENCE}`, `bhzzzzzzzzzz000000-1_${REFERENCE}`, 'request-1'];
  const { provider } = await answering([...others, `${KEY}_${REFERENCE}`].map(line).join(''));
  const rows = await rowsOf(provider, JOB, OUTCOME);
  expect(rows.map((row) => row.custom_id)).toEqual([REFERENCE]);
});

test.each([
  ['no JSON', '{"custom_id":"secret'],
  ['no row', '{"id":"secret"}\n'],
  ['of another day', JSON.stringify({ custom_id: 'secret', result: { type: 'dreamt' } })],
])('a row that is %s is an error, not a gap', async (_name, text) => {
  const { provider } = await answering(text);
  const reading = rowsOf(provider, JOB, OUTCOME);
  await expect(reading).rejects.toMatchObject({ kind: 'transient' });
  await expect(reading).rejects.not.toThrow('secret');
});
