import { expect, test } from 'vitest';
import type { Outcome } from '../../../../shared/batch/job.ts';
import type { JobContext, Provider } from '../../../../shared/providers/provider.ts';
import { flat } from '../../../support/streams.ts';
import { sendJson } from '../stubServer.ts';
import { startStub } from './stub.ts';

const JOB: JobContext = {
  key: 'bhabcdefghij012345-1',
  batchId: 'a-batch',
  endpoint: '/v1/chat/completions',
  model: 'gemini-2.5-flash',
  format: 'native',
  options: {},
};

async function rowsOf(provider: Provider, outcome: Outcome) {
  const rows = [];
  for await (const row of flat(provider.readRows(outcome, JOB)))
    rows.push(JSON.parse(Buffer.from(row).toString()));
  return rows;
}

test('results in the job itself', async () => {
  const metadata = { state: 'BATCH_STATE_SUCCEEDED', createTime: '2026-11-25T00:00:00Z' };
  const inlinedResponses = [
    { metadata: { key: 'a' }, response: { candidates: [] } },
    { metadata: { key: 'b' }, error: { code: 8, message: 'no' } },
  ];
  const { provider } = await startStub((_request, response) =>
    sendJson(response, {
      name: 'batches/1',
      metadata: { ...metadata, output: { inlinedResponses: { inlinedResponses } } },
    }),
  );

  const state = await provider.check('batches/1');

  if (state.state !== 'ended') throw new Error(`it is ${state.state}`);
  expect(await rowsOf(provider, state.outcome)).toMatchObject([
    { custom_id: 'a', response: { status_code: 200, body: { candidates: [] } } },
    { custom_id: 'b', response: { status_code: 429 } },
  ]);
});

test.each([
  ['an answer that is a text', { key: 'a', response: 'secret' }],
  ['an error that is a text', { key: 'a', error: 'secret' }],
])('a row with %s costs its own request, and is not quoted', async (_name, line) => {
  const content = `${JSON.stringify(line)}\n${JSON.stringify({ key: 'b', response: {} })}\n`;
  const { provider } = await startStub((_request, response) => response.end(content));
  expect(await rowsOf(provider, { kind: 'completed', files: ['files/x'] })).toMatchObject([
    {
      custom_id: 'a',
      error: { code: 'unreadable_row', message: expect.not.stringContaining('secret') },
    },
    { custom_id: 'b', response: { status_code: 200 } },
  ]);
});

// "The responses will be in the same order as the input requests": `BatchJobDestination` of Google's SDKs.
test('results in the job itself without their keys have their positions instead', async () => {
  const inlinedResponses = [
    { response: { candidates: [] } },
    { metadata: { key: 'b' }, response: { candidates: [] } },
    { metadata: { other: 1 }, response: 'secret' },
    null,
  ];
  const { provider } = await startStub((_request, response) =>
    sendJson(response, {
      name: 'batches/1',
      metadata: {
        state: 'BATCH_STATE_SUCCEEDED',
        createTime: '2026-11-25T00:00:00Z',
        output: { inlinedResponses: { inlinedResponses } },
      },
    }),
  );
  expect(await rowsOf(provider, { kind: 'completed', files: ['batches/1'] })).toMatchObject([
    { custom_id: null, position: 0, response: { status_code: 200, body: { candidates: [] } } },
    { custom_id: 'b', response: { status_code: 200 } },
    { custom_id: null, position: 2, error: { code: 'unreadable_row' } },
    { custom_id: null, position: 3, error: { code: 'request_missing' } },
  ]);
});
