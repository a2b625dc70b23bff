import { describe, expect, test } from 'vitest';
import type { JobContext } from '../../../../shared/providers/provider.ts';
import { referenceOf } from '../../../../shared/providers/vertex/api.ts';
import { flat } from '../../../support/streams.ts';
import { scratchFileOf } from '../scratchFile.ts';
import { KEY, outcomeOf } from '../steps.ts';
import { storedInput } from './storedInput.ts';
import { BIGQUERY, GCS, startVertex } from './world.ts';

const CHAT = '/v1/chat/completions';
const PIXEL = 'iVBORw0KGgo=';
const CALL = { id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"at":1}' } };
const IMAGE = { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } };
const CONVERSATION = {
  messages: [
    { role: 'system', content: 'Be short.' },
    { role: 'user', content: [{ type: 'text', text: 'What is it?' }, IMAGE] },
    { role: 'assistant', content: null, tool_calls: [CALL] },
    { role: 'tool', tool_call_id: 'call_1', content: 'A pixel.' },
  ],
  tools: [{ type: 'function', function: { name: 'look', parameters: { type: 'object' } } }],
  tool_choice: 'required',
};
const REFERENCE = referenceOf('a b');

/** Runs one request through a whole job. Returns its row, and the line that Vertex AI received. */
async function roundTrip(
  store: typeof GCS,
  body: { readonly model: string; readonly [field: string]: unknown },
  changes: Partial<JobContext> = {},
) {
  await using world = await startVertex({}, { store });
  const { provider } = world;
  const url = changes.endpoint ?? CHAT;
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
  await file.remove();
  const [line] = await storedInput(world.dataDir);
  const outcome = await outcomeOf(provider, jobId);
  const rows: unknown[] = [];
  for await (const row of flat(provider.readRows(outcome, job)))
    rows.push(JSON.parse(Buffer.from(row).toString()));
  expect(rows).toMatchObject([{ custom_id: REFERENCE, response: { status_code: 200 } }]);
  const { response } = rows[0] as { response: { body: unknown } };
  return { answer: response.body, line };
}

const CALLED = {
  object: 'chat.completion',
  choices: [
    {
      message: {
        role: 'assistant',
        tool_calls: [
          { type: 'function', function: { name: 'look', arguments: expect.stringContaining('{') } },
        ],
      },
      finish_reason: 'tool_calls',
    },
  ],
  usage: { total_tokens: expect.any(Number) },
};

describe.each([
  ['Cloud Storage', GCS],
  ['BigQuery', BIGQUERY],
])('a conversation with tools and an image, on %s', (_name, store) => {
  test('through Gemini', async () => {
    const { answer, line } = await roundTrip(store, { model: 'gemini-2.5-flash', ...CONVERSATION });
    const { request, ...rest } = line as { request: object };
    expect(request).toMatchObject({
      systemInstruction: { parts: [{ text: 'Be short.' }] },
      contents: [{ role: 'user' }, { role: 'model' }, { role: 'user' }],
      toolConfig: { functionCallingConfig: { mode: 'ANY' } },
    });
    expect(JSON.stringify(request)).toContain(PIXEL);
    expect(rest).toEqual(store.type === 'gcs' ? {} : { custom_id: REFERENCE });
    const labels = { batch_handler_request: REFERENCE };
    expect('labels' in request ? request.labels : {}).toEqual(store.type === 'gcs' ? labels : {});
    expect(answer).toMatchObject(CALLED);
  });

  test('through Claude', async () => {
    const { answer, line } = await roundTrip(store, { model: 'claude-haiku-4-5', ...CONVERSATION });
    expect(line).toMatchObject({
      custom_id: REFERENCE,
      request: {
        anthropic_version: 'vertex-2023-10-16',
        system: 'Be short.',
        tools: [{ name: 'look' }],
        tool_choice: { type: 'any' },
      },
    });
    expect((line as { request: object }).request).not.toHaveProperty('model');
    expect(JSON.stringify(line)).toContain(PIXEL);
    expect(answer).toMatchObject(CALLED);
  });

  test('through Llama, without the image', async () => {
    const model = 'llama-3.3-70b-instruct-maas';
    const body = { messages: [{ role: 'user', content: 'Hi' }], seed: 7 };
    const { answer, line } = await roundTrip(store, { model, ...body });
    expect(line).toEqual({
      custom_id: REFERENCE,
      method: 'POST',
      url: CHAT,
      body: { ...body, model: `meta/${model}` },
    });
    expect(answer).toMatchObject({ object: 'chat.completion', model: `meta/${model}` });
  });

  test('an embedding through an open model', async () => {
    const model = 'intfloat/multilingual-e5-large-instruct-maas';
    const endpoint = '/v1/embeddings';
    const { answer } = await roundTrip(store, { model, input: 'a text' }, { endpoint });
    expect(answer).toMatchObject({ object: 'list', data: [{ object: 'embedding' }] });
  });

  test("a native request and its answer stay in Gemini's format", async () => {
    const body = { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }], labels: { team: 'a' } };
    const native = { format: 'native' } as const;
    const { answer, line } = await roundTrip(store, { model: 'gemini-2.5-flash', ...body }, native);
    expect(line).toMatchObject({ request: body });
    expect((line as { request: object }).request).not.toHaveProperty('model');
    expect(answer).toMatchObject({ candidates: [{ finishReason: 'STOP' }] });
  });

  test('a schema as Pydantic writes it, and the result of a tool that is JSON', async () => {
    const schema = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $defs: { Word: { type: 'string', default: null } },
      type: 'object',
      properties: { word: { $ref: '#/$defs/Word' }, anything: {} },
    };
    const messages = [
      ...CONVERSATION.messages.slice(0, 3),
      { role: 'tool', tool_call_id: 'call_1', content: '{"name":null}' },
    ];
    const format = { type: 'json_schema', json_schema: { name: 'a', schema } };
    const body = { messages, response_format: format };
    const { line } = await roundTrip(store, { model: 'gemini-2.5-flash', ...body });
    const { request } = line as { request: { contents: { parts: object[] }[] } };
    const sent = { ...schema, properties: { word: { type: 'string' }, anything: true } };
    const { $schema: _, $defs: __, ...inBucket } = sent;
    const isBucket = store.type === 'gcs';
    expect(request).toMatchObject({
      generationConfig: { responseJsonSchema: isBucket ? inBucket : schema },
    });
    expect(request.contents.at(-1)?.parts).toMatchObject([
      { functionResponse: { response: { output: isBucket ? '{"name":null}' : { name: null } } } },
    ]);
  });
});

test('an embedding through Gemini, from Cloud Storage', async () => {
  const endpoint = '/v1/embeddings';
  const body = { model: 'gemini-embedding-001', input: 'a text', dimensions: 8 };
  const { answer, line } = await roundTrip(GCS, body, { endpoint });
  expect(line).toEqual({
    key: REFERENCE,
    request: {
      content: { parts: [{ text: 'a text' }] },
      embed_content_config: { output_dimensionality: 8 },
    },
  });
  expect(answer).toMatchObject({
    object: 'list',
    data: [{ object: 'embedding', index: 0 }],
    model: 'gemini-embedding-001',
    usage: { prompt_tokens: expect.any(Number) },
  });
  const { data } = answer as { data: { embedding: number[] }[] };
  expect(data[0]?.embedding).toHaveLength(8);
});

test("a native embedding and its answer stay in Gemini's format", async () => {
  const content = { parts: [{ text: 'a text' }] };
  const body = { model: 'gemini-embedding-001', content };
  const changes = { endpoint: '/v1/embeddings', format: 'native' } as const;
  const { answer, line } = await roundTrip(GCS, body, changes);
  expect(line).toEqual({ key: REFERENCE, request: { content } });
  expect(answer).toMatchObject({ embedding: { values: expect.any(Array) } });
});
