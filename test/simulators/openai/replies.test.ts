import { expect, test } from 'vitest';
import { world } from './world.ts';

const BODIES = {
  '/v1/chat/completions': { messages: [{ role: 'user', content: 'Add 1 and 1.' }], n: 2 },
  '/v1/responses': { input: 'Add 1 and 1.' },
  '/v1/embeddings': { input: ['one', 'two'], dimensions: 3 },
  '/v1/completions': { prompt: 'Add 1 and' },
  '/v1/moderations': { input: 'Add 1 and 1.' },
} as const;
const REPLIES = {
  '/v1/chat/completions': {
    object: 'chat.completion',
    choices: [{ message: { content: expect.stringMatching(/#### \d+$/) } }, { index: 1 }],
  },
  '/v1/responses': { object: 'response', output: [{ content: [{ type: 'output_text' }] }] },
  '/v1/embeddings': { data: [{ embedding: { length: 3 } }, { index: 1 }] },
  '/v1/completions': { object: 'text_completion', choices: [{ finish_reason: 'stop' }] },
  '/v1/moderations': { results: [{ categories: { hate: expect.any(Boolean) } }] },
} as const;

test.each(Object.keys(BODIES) as (keyof typeof BODIES)[])(
  '%s: the same request gets the same reply in every job',
  async (endpoint) => {
    // Prepare
    const { client, upload, after, end, rows } = await world();
    const body = { model: 'some-model', ...BODIES[endpoint] };
    const file = await upload([{ custom_id: 'one', method: 'POST', url: endpoint, body }]);
    // Act
    const replies: unknown[] = [];
    for (let index = 0; index < 2; index++) {
      const batch = await client.batches.create({
        input_file_id: file.id,
        endpoint,
        completion_window: '24h',
      });
      await after(batch.id, 0);
      const [row] = await rows((await end(batch.id)).output_file_id);
      const { created, created_at, ...reply } = row.response.body;
      replies.push(reply);
    }
    // Assess
    expect(replies[0]).toMatchObject({ model: 'some-model', ...REPLIES[endpoint] });
    expect(replies[1]).toEqual(replies[0]);
  },
);
