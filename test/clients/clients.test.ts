import { createOpenAI } from '@ai-sdk/openai';
import {
  experimental_cancelBatch as cancelBatch,
  experimental_getBatchStatus as getBatchStatus,
  experimental_listBatches as listBatches,
  experimental_startBatch as startBatch,
} from 'ai';
import OpenAI, { toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Python, pythonWith } from '../support/python.ts';
import { CLAUDE, type ClientStack, GPT, IDS, startClientStack } from './clientStack.ts';
import { PROGRAMS, runProgram } from './programs.ts';

/** The clients in Python. LiteLLM and Pydantic AI ask for different versions of what they share. */
const PYTHONS: Readonly<Record<string, Python>> = {
  'openai_sdk.py': pythonWith(['openai==3.57.0']),
  'openai_upload.py': pythonWith(['openai==3.57.0']),
  'litellm_batch.py': pythonWith(['litellm==1.110.2']),
  'pydantic_ai_batch.py': pythonWith(['pydantic-ai-slim[openai]==2.68.0']),
};

/** As much as the page's program sends at once. */
const PART_BYTES = 4 * 1024 * 1024;

let stack: ClientStack;
beforeAll(async () => {
  stack = await startClientStack();
});
afterAll(() => stack?.stop());

/** Programs that upload `requests.jsonl` and print its rows, of which one is an error. */
const WITH_FILE = ['openai_sdk.py', 'openai_upload.py', 'openaiNode.mts', 'litellm_batch.py'];

test('every program of the page is run', () => {
  expect([...PROGRAMS.keys()].sort()).toEqual(
    [...WITH_FILE, 'aiSdk.mts', 'pydantic_ai_batch.py'].sort(),
  );
});

describe.each(['served', 'deployed'] as const)('%s', (address) => {
  test('the AI SDK cancels a batch, and finds it in a list', async () => {
    const { baseUrl: baseURL, apiKey } = stack[address];
    const provider = createOpenAI({ baseURL, apiKey });
    const question = { type: 'text', model: CLAUDE, prompt: 'The capital of France?' } as const;
    const batch = await startBatch({ provider, requests: [{ ...question, id: 'France' }] });

    await cancelBatch({ provider, batch });

    const status = () => getBatchStatus({ provider, batch });
    await expect.poll(status).toMatchObject({ status: expect.not.stringMatching('pending') });
    const { batches } = await listBatches({ provider, limit: 100 });
    expect(batches.map(({ id }) => id)).toContain(batch.id);
  });

  test('OpenAI’s Node SDK reads lists page by page, deletes files, and gets errors as its own', async () => {
    const { baseUrl: baseURL, apiKey } = stack[address];
    const client = new OpenAI({ baseURL, apiKey });
    const made: string[] = [];
    for (const name of ['one', 'two', 'three']) made.push((await createFile(client, name)).id);
    const listed: string[] = [];
    for await (const file of client.files.list({ limit: 2 })) listed.push(file.id);

    expect(listed).toEqual(expect.arrayContaining(made));
    const [first = ''] = made;
    expect(await client.files.delete(first)).toEqual({ id: first, object: 'file', deleted: true });
    await expect(client.files.retrieve(first)).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    const stranger = new OpenAI({ baseURL, apiKey: 'sk-of-somebody' });
    await expect(stranger.models.list()).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
    const { data: models } = await client.models.list();
    expect(models.map(({ id }) => id)).toContain(CLAUDE);
  });

  test('a file of more than a Function URL takes goes in by parts, and comes out whole', async () => {
    const { baseUrl: baseURL, apiKey } = stack[address];
    const client = new OpenAI({ baseURL, apiKey });
    const content = 'x'.repeat(6_000_000);
    const upload = await client.uploads.create({
      filename: 'large.jsonl',
      bytes: content.length,
      mime_type: 'application/jsonl',
      purpose: 'batch',
    });
    const parts: string[] = [];
    for (let start = 0; start < content.length; start += PART_BYTES) {
      const data = await toFile(Buffer.from(content.slice(start, start + PART_BYTES)), 'part');
      parts.push((await client.uploads.parts.create(upload.id, { data })).id);
    }
    const { file } = await client.uploads.complete(upload.id, { part_ids: parts });

    const read = await client.files.content(file?.id ?? '');

    // The function redirects to S3, which the client follows.
    expect(read.redirected).toBe(address === 'deployed');
    expect(await read.text()).toBe(content);
  });

  describe.each([GPT, CLAUDE])('%s', (model) => {
    const run = async (name: string) => {
      const python = PYTHONS[name];
      const interpreter = python && 'python' in python ? python.python : undefined;
      const requests = stack.requestsFor(model);
      const done = await runProgram(name, stack[address], { model, requests, python: interpreter });
      expect(done.status, done.stderr).toBe(0);
      // LiteLLM prints hints of its own between the rows.
      const rows = done.stdout.split('\n').filter((line) => line.startsWith('{'));
      return rows.map((line) => JSON.parse(line));
    };
    const isMissing = (name: string) => {
      const python = PYTHONS[name];
      return python !== undefined && 'missing' in python;
    };

    for (const name of WITH_FILE)
      test.skipIf(isMissing(name))(`${name} prints one row for each request`, async () => {
        const rows = await run(name);

        expect(rows.map(({ custom_id: id }) => id).sort()).toEqual([...IDS].sort());
        const answered = rows.filter(({ response }) => response?.status_code === 200);
        expect(answered).toHaveLength(IDS.length - 1);
        for (const { response } of answered)
          expect(response.body).toMatchObject({ object: 'chat.completion', model });
      });

    test('aiSdk.mts gets a result or an error for each request', async () => {
      const rows = await run('aiSdk.mts');
      expect(rows.map(({ custom_id: id }) => id).sort()).toEqual(['France', 'Italy']);
      expect(rows.map(({ status }) => status).sort()).toEqual(['failed', 'succeeded']);
    });

    test.skipIf(isMissing('pydantic_ai_batch.py'))(
      'pydantic_ai_batch.py gets every answer, because it sends what failed again',
      async () => {
        const rows = await run('pydantic_ai_batch.py');
        expect(rows.map(({ custom_id: id }) => id).sort()).toEqual(['France', 'Italy']);
        for (const { text } of rows) expect(text).toEqual(expect.stringMatching(/\w/));
      },
    );
  });
});

async function createFile(client: OpenAI, name: string) {
  const file = await toFile(Buffer.from('{}\n'), `${name}.jsonl`);
  return client.files.create({ file, purpose: 'batch' });
}
