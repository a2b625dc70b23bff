import { expect, test } from 'vitest';
import { chatRequest, world } from './world.ts';

const BODIES = {
  '/v1/chat/completions': { messages: [{ role: 'user', content: 'Add 1 and 1.' }], n: 2 },
  '/v1/responses': { input: 'Add 1 and 1.' },
  '/v1/embeddings': { input: ['one', 'two'], dimensions: 3 },
  '/v1/completions': { prompt: 'Add 1 and' },
  '/v1/moderations': { input: 'Add 1 and 1.' },
  '/v1/images/generations': { prompt: 'A cat', n: 2 },
  '/v1/images/edits': { prompt: 'A hat', images: [{ file_id: 'file-1' }] },
  '/v1/videos': { prompt: 'A cat walks' },
} as const;
const MODEL = { model: 'some-model' };
const REPLIES = {
  '/v1/chat/completions': {
    ...MODEL,
    object: 'chat.completion',
    choices: [{ message: { content: expect.stringMatching(/#### \d+$/) } }, { index: 1 }],
  },
  '/v1/responses': {
    ...MODEL,
    object: 'response',
    output: [{ content: [{ type: 'output_text' }] }],
  },
  '/v1/embeddings': { ...MODEL, data: [{ embedding: { length: 3 } }, { index: 1 }] },
  '/v1/completions': { ...MODEL, object: 'text_completion', choices: [{ finish_reason: 'stop' }] },
  '/v1/moderations': { ...MODEL, results: [{ categories: { hate: expect.any(Boolean) } }] },
  // Images are answered without their model.
  '/v1/images/generations': { data: { length: 2 }, usage: { output_tokens: expect.any(Number) } },
  '/v1/images/edits': { data: [{ b64_json: expect.any(String) }] },
  '/v1/videos': { ...MODEL, object: 'video', status: 'completed' },
} as const;

test.each(Object.keys(BODIES) as (keyof typeof BODIES)[])(
  '%s: the same request gets the same reply in every job',
  async (endpoint) => {
    // Prepare
    const { client, upload, after, end, rows } = await world();
    const body = { ...MODEL, ...BODIES[endpoint] };
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
      const { created, created_at, completed_at, expires_at, ...reply } = row.response.body;
      replies.push(reply);
    }
    // Assess
    expect(replies[0]).toMatchObject(REPLIES[endpoint]);
    expect(replies[1]).toEqual(replies[0]);
  },
);

test('a PDF by web URL is refused in its row, as the API refuses it', async () => {
  // Prepare
  const { job, end, rows } = await world();
  const withFile = (name: string, file_data: string) =>
    chatRequest(name, {
      messages: [
        { role: 'user', content: [{ type: 'file', file: { filename: 'a.pdf', file_data } }] },
      ],
    });
  // Act
  const { id } = await job([
    withFile('by URL', 'https://example.com/a.pdf'),
    withFile('inside', 'data:application/pdf;base64,JVBERi0xLjQ='),
  ]);
  const ended = await end(id);
  // Assess
  expect(await rows(ended.output_file_id)).toMatchObject([{ custom_id: 'inside' }]);
  const message = expect.stringMatching(/^Invalid file data: 'messages\[0\]\.content\[0\]/);
  expect(await rows(ended.error_file_id)).toMatchObject([
    { custom_id: 'by URL', response: { status_code: 400, body: { error: { message } } } },
  ]);
});
