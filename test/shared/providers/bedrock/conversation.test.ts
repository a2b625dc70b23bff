import { describe, expect, test } from 'vitest';
import { referenceOf } from '../../../../shared/jsonl/rows.ts';
import type { JobContext, Submission } from '../../../../shared/providers/provider.ts';
import { scratchFileOf } from '../scratchFile.ts';
import { KEY, outcomeOf, requestRows } from '../steps.ts';
import { bedrockWorld } from './world.ts';

const start = bedrockWorld();
const CHAT = '/v1/chat/completions';
const PIXEL = 'data:image/png;base64,iVBORw0KGgo=';
const LOOK = { type: 'function', function: { name: 'look', parameters: { type: 'object' } } };
const CALL = { id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"at":1}' } };

const IMAGE = [
  { role: 'system', content: 'Be short.' },
  {
    role: 'user',
    content: [
      { type: 'text', text: 'What is it?' },
      { type: 'image_url', image_url: { url: PIXEL } },
    ],
  },
];
const WITH_TOOLS = {
  messages: [
    ...IMAGE,
    { role: 'assistant', content: null, tool_calls: [CALL] },
    { role: 'tool', tool_call_id: 'call_1', content: 'A pixel.' },
  ],
  tools: [LOOK],
  tool_choice: 'required',
};

interface Row {
  readonly custom_id: string;
  readonly response: { readonly status_code: number; readonly body: unknown };
}

/** Runs one request through a whole job. Returns its row, and the records that Bedrock received. */
async function roundTrip(
  url: string,
  body: { readonly model: string; readonly [field: string]: unknown },
  changes: Partial<Submission> = {},
) {
  const world = await start({ settings: { allowUnsupported: true } });
  const { provider, objects } = world;
  const file = await scratchFileOf([{ custom_id: 'a b', method: 'POST', url, body }]);
  const job: JobContext = {
    key: KEY,
    batchId: 'a-batch',
    endpoint: url,
    model: body.model,
    format: 'openai',
    options: {},
    ...changes,
  };
  const order = { completionWindow: '24h', file, requests: 1, createDeadlineMs: 60_000 };
  const { jobId } = await provider.submit({ ...job, ...order });
  const outcome = await outcomeOf(provider, jobId);
  const rows: Row[] = [];
  for await (const row of requestRows(provider.readRows(outcome, job)))
    rows.push(JSON.parse(Buffer.from(row).toString()));
  const records = await linesOf(objects.read(`provider-files/${KEY}/input.jsonl`));
  const outputs = await linesOf(objects.read(outcome.files[0] ?? ''));
  await world.close();
  expect(rows).toMatchObject([{ custom_id: referenceOf('a b'), response: { status_code: 200 } }]);
  const own = ({ recordId }: { recordId?: unknown }) => recordId === referenceOf('a b');
  return { answer: rows[0]?.response.body, record: records.find(own), output: outputs.find(own) };
}

async function linesOf(stream: AsyncIterable<Uint8Array>) {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  const lines = Buffer.concat(chunks).toString().trimEnd().split('\n');
  return lines.map((line): Record<string, unknown> => JSON.parse(line));
}

describe('a conversation with tools and an image', () => {
  const calledTool = {
    object: 'chat.completion',
    choices: [
      {
        message: {
          role: 'assistant',
          tool_calls: [
            {
              type: 'function',
              function: { name: 'look', arguments: expect.stringContaining('{') },
            },
          ],
        },
        finish_reason: 'tool_calls',
      },
    ],
    usage: { total_tokens: expect.any(Number) },
  };

  test('through Claude', async () => {
    const body = { model: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0', ...WITH_TOOLS };
    const { answer, record } = await roundTrip(CHAT, body);
    expect(record?.modelInput).toMatchObject({
      anthropic_version: 'bedrock-2023-05-31',
      messages: expect.any(Array),
      tools: [{ name: 'look' }],
    });
    expect(record?.modelInput).not.toHaveProperty('model');
    expect(JSON.stringify(record)).toContain('iVBORw0KGgo=');
    expect(answer).toMatchObject(calledTool);
  });

  test('through Nova', async () => {
    const { answer, record } = await roundTrip(CHAT, {
      model: 'amazon.nova-lite-v1:0',
      ...WITH_TOOLS,
    });
    expect(record?.modelInput).toMatchObject({
      schemaVersion: 'messages-v1',
      toolConfig: { toolChoice: { any: {} } },
    });
    expect(JSON.stringify(record)).toContain('iVBORw0KGgo=');
    expect(answer).toMatchObject(calledTool);
  });

  test('through Converse, whose batch jobs take no tools', async () => {
    const body = { model: 'meta.llama3-3-70b-instruct-v1:0', messages: IMAGE, max_tokens: 9 };
    const { answer, record } = await roundTrip(CHAT, body);
    expect(record?.modelInput).toEqual({
      system: [{ text: 'Be short.' }],
      messages: [
        {
          role: 'user',
          content: [
            { text: 'What is it?' },
            { image: { format: 'png', source: { bytes: 'iVBORw0KGgo=' } } },
          ],
        },
      ],
      inferenceConfig: { maxTokens: 9 },
    });
    expect(answer).toMatchObject({
      choices: [{ message: { content: expect.any(String) }, finish_reason: 'stop' }],
    });
  });
});

test('an embedding through Titan', async () => {
  const body = { model: 'amazon.titan-embed-text-v2:0', input: 'a text', dimensions: 256 };
  const { answer, record } = await roundTrip('/v1/embeddings', body);
  expect(record?.modelInput).toEqual({ inputText: 'a text', normalize: true, dimensions: 256 });
  expect(answer).toMatchObject({
    object: 'list',
    data: [{ object: 'embedding', index: 0, embedding: expect.any(Array) }],
    model: body.model,
    usage: { prompt_tokens: expect.any(Number) },
  });
});

describe('a native request', () => {
  test('is sent unchanged without its model, and its answer is returned unchanged', async () => {
    const body = { model: 'meta.llama3-3-70b-instruct-v1:0', prompt: 'Hi', max_gen_len: 5 };
    const { answer, record, output } = await roundTrip(CHAT, body, { format: 'native' });
    expect(record?.modelInput).toEqual({ prompt: 'Hi', max_gen_len: 5 });
    expect(answer).toEqual(output?.modelOutput);
  });

  test('is a Converse request if the options say so', async () => {
    const messages = [{ role: 'user', content: [{ text: 'Hi' }] }];
    const { answer } = await roundTrip(
      CHAT,
      { model: 'amazon.nova-lite-v1:0', messages },
      { format: 'native', options: { modelInvocationType: 'Converse' } },
    );
    expect(answer).toMatchObject({ stopReason: 'end_turn' });
  });
});
