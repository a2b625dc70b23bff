import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { JobContext } from '../../../../shared/providers/provider.ts';
import { startGeminiSimulator } from '../../../../simulators/gemini/index.ts';
import { flat } from '../../../support/streams.ts';
import { scratchFileOf } from '../scratchFile.ts';
import { outcomeOf } from '../steps.ts';
import { geminiAt } from './provider.ts';

const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const TOOLS = [
  {
    type: 'function',
    function: {
      name: 'colour_of',
      description: 'Names the colour of a pixel.',
      parameters: {
        type: 'object',
        properties: { x: { type: 'integer' }, y: { type: 'integer' } },
        required: ['x', 'y'],
      },
    },
  },
];
const QUESTION = {
  role: 'user',
  content: [
    { type: 'text', text: 'Which colour has this?' },
    { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } },
  ],
};

/** Runs bodies as one job, and returns the bodies of their answers. */
async function run(model: string, endpoint: string, bodies: readonly object[]) {
  const dataDir = await mkdtemp(join(tmpdir(), 'gemini-simulator-'));
  const simulator = await startGeminiSimulator({ dataDir, jobSeconds: 0.05 });
  const provider = await geminiAt(simulator.url);
  const file = await scratchFileOf(
    bodies.map((body, index) => ({
      custom_id: String(index),
      method: 'POST',
      url: endpoint,
      body: { model, ...body },
    })),
  );
  onTestFinished(async () => {
    await simulator.close();
    await Promise.all([file.remove(), rm(dataDir, { recursive: true, force: true })]);
  });
  const job: JobContext = {
    key: 'bhabcdefghij012345-1',
    batchId: 'a-batch',
    endpoint,
    model,
    format: 'openai',
    options: {},
  };
  const { jobId } = await provider.submit({
    ...job,
    completionWindow: '24h',
    file,
    requests: bodies.length,
    createDeadlineMs: 60_000,
  });
  const answers: unknown[] = [];
  for await (const bytes of flat(provider.readRows(await outcomeOf(provider, jobId), job))) {
    const row = JSON.parse(Buffer.from(bytes).toString());
    expect(row.response).toMatchObject({ status_code: 200 });
    answers[Number(row.custom_id)] = row.response.body;
  }
  return answers as { choices: { message: object; finish_reason: string }[]; data: object[] }[];
}

test.each(['gemini-2.5-flash', 'gemini-3-flash-preview'])(
  'a conversation with an image and a tool, whose call is sent back unchanged: %s',
  async (model) => {
    const forced = { type: 'function', function: { name: 'colour_of' } };
    const [first] = await run(model, '/v1/chat/completions', [
      {
        messages: [{ role: 'system', content: 'Be brief.' }, QUESTION],
        tools: TOOLS,
        tool_choice: forced,
      },
    ]);
    const called = first?.choices[0];
    expect(called).toMatchObject({
      message: {
        role: 'assistant',
        tool_calls: [{ type: 'function', function: { name: 'colour_of' } }],
      },
      finish_reason: 'tool_calls',
    });

    const { tool_calls: calls }: { tool_calls?: { id: string }[] } = called?.message ?? {};
    const messages = [
      QUESTION,
      called?.message,
      { role: 'tool', tool_call_id: calls?.[0]?.id, content: '{"colour":"red"}' },
    ];
    const [second] = await run(model, '/v1/chat/completions', [{ messages, tools: TOOLS }]);

    expect(second).toMatchObject({
      object: 'chat.completion',
      model,
      choices: [{ message: { content: expect.any(String) }, finish_reason: 'stop' }],
      usage: { prompt_tokens: expect.any(Number), completion_tokens: expect.any(Number) },
    });
  },
);

test('several choices and JSON', async () => {
  const format = { type: 'json_schema', json_schema: { name: 'a', schema: { type: 'object' } } };
  const [answer] = await run('gemini-2.5-flash', '/v1/chat/completions', [
    { messages: [QUESTION], n: 3, response_format: format },
  ]);
  const contents = answer?.choices.map(({ message }) => (message as { content: string }).content);
  expect(contents).toHaveLength(3);
  for (const content of contents ?? []) expect(() => JSON.parse(content)).not.toThrow();
});

test('embeddings', async () => {
  const [answer] = await run('gemini-embedding-001', '/v1/embeddings', [
    { input: 'a text', dimensions: 8 },
  ]);
  const [{ embedding } = { embedding: [] }] = (answer?.data ?? []) as { embedding: number[] }[];
  expect(embedding).toHaveLength(8);
});
