import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../../../shared/batch/job.ts';
import { KEY, rowsOf } from '../steps.ts';
import { startStub } from './stub.ts';

const JOB = { endpoint: '/v1/chat/completions', model: 'claude-haiku-4-5' };
const OUTCOME: Outcome = { kind: 'completed', jobId: 'msgbatch_1', files: ['msgbatch_1'] };
const REFERENCE = '0123456789abcdef'.repeat(2);
const OTHER = 'fedcba9876543210'.repeat(2);
const line = (customId: string) =>
  `${JSON.stringify({ custom_id: customId, result: { type: 'expired' } })}\n`;
const answering = (text: string) => startStub((_call, response) => response.end(text));

test('leaves out the rows of other submissions', async () => {
  const others = [`${KEY}1_${REFERENCE}`, `bhzzzzzzzzzz000000-1_${REFERENCE}`, 'request-1'];
  const { provider } = await answering([...others, `${KEY}_${REFERENCE}`].map(line).join(''));
  const rows = await rowsOf(provider, JOB, OUTCOME);
  expect(rows.map((row) => row.custom_id)).toEqual([REFERENCE]);
});

const WIRE_ID = `${KEY}_${REFERENCE}`;
const withResult = (result: unknown) => JSON.stringify({ custom_id: WIRE_ID, result });

describe('a row that cannot be read costs its own request, and is not quoted', () => {
  test.each([
    ['cut off', `{"custom_id":"${WIRE_ID}","result":{"type":"succeeded","message":{"secret`],
    ['of another day', withResult({ type: 'dreamt', message: 'secret' })],
    ['without a type', withResult({ secret: 1 })],
    ['without a result', withResult(null)],
    ['with an answer that is a text', withResult({ type: 'succeeded', message: 'secret' })],
    ['with an error that is a text', withResult({ type: 'errored', error: 'secret' })],
  ])('%s', async (_name, text) => {
    const { provider } = await answering(`${text}\n${line(`${KEY}_${OTHER}`)}`);
    const [row, ...others] = await rowsOf(provider, JOB, OUTCOME);
    expect(row).toMatchObject({
      custom_id: REFERENCE,
      response: null,
      error: { code: 'unreadable_row', message: expect.not.stringContaining('secret') },
    });
    expect(others).toMatchObject([{ custom_id: OTHER, error: { code: 'batch_expired' } }]);
  });

  test('the type of a new kind of result is told', async () => {
    const { provider } = await answering(withResult({ type: 'dreamt' }));
    const [row] = await rowsOf(provider, JOB, OUTCOME);
    expect(row).toMatchObject({ error: { message: expect.stringContaining('dreamt') } });
  });

  test.each(['{"id":"secret"}', '{"result":{"type":"expired"}}', 'ecret"}}'])(
    '%s names no request',
    async (text) => {
      const { provider } = await answering(`${text}\n${line(WIRE_ID)}`);
      const rows = await rowsOf(provider, JOB, OUTCOME);
      expect(rows).toMatchObject([{}, { custom_id: REFERENCE }]);
    },
  );
});

// https://github.com/liushuangls/go-anthropic/issues/133
test('an error that is not nested in an error response is read as well', async () => {
  const error = { type: 'invalid_request_error', message: 'flat' };
  const { provider } = await answering(withResult({ type: 'errored', error }));
  expect(await rowsOf(provider, JOB, OUTCOME)).toMatchObject([
    {
      custom_id: REFERENCE,
      response: { status_code: 400, body: { error: { code: 'invalid_request_error' } } },
    },
  ]);
});
