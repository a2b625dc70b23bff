import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { addMessageSchema } from '../../../shared/batch/messages.ts';
import { estimateFile } from '../../../shared/operations/estimate.ts';
import { MAX_COUNTED_REQUESTS } from '../../../shared/operations/exactTokens.ts';
import { providerSettingsSchema } from '../../../shared/providers/kinds.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'exact-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const PROMPTS = ['one', 'two', 'three'];
const lineOf = (prompt: string) =>
  `${JSON.stringify({
    ...{ custom_id: prompt, method: 'POST', url: '/v1/chat/completions' },
    body: { model: 'm', max_tokens: 10, messages: [{ role: 'user', content: prompt }] },
  })}\n`;

async function exactly(settings: object, environment: object, lines = PROMPTS.map(lineOf)) {
  const path = join(directory, 'requests.jsonl');
  writeFileSync(path, lines.join(''));
  const prices = { '*': { input: 1_000_000, output: 0 } };
  const entry = providerSettingsSchema.parse({ prices, batchDiscount: 0, ...settings });
  const message = addMessageSchema.parse({});
  return estimateFile(path, { it: entry }, message, 5, { environment: { ...environment } });
}

interface Seen {
  readonly url: string | undefined;
  readonly key: string | string[] | undefined;
  readonly body: Record<string, unknown>;
}

/** A server that counts 7 tokens in each prompt, in the API's words. */
async function counting(answer: object, status = 200) {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const { url, headers } = request;
    const key = headers['x-goog-api-key'] ?? headers['x-api-key'];
    seen.push({ url, key, body: JSON.parse(await text(request)) });
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { seen, baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const models = { '*': 'claude-haiku-4-5' };

// https://platform.claude.com/docs/en/api/messages/count_tokens
test('Anthropic counts each prompt as it would be sent, without what is about the answer', async () => {
  const { seen, baseUrl } = await counting({ input_tokens: 7 });
  const settings = { kind: 'anthropic', baseUrl, models };
  const estimated = await exactly(settings, { ANTHROPIC_API_KEY: 'sk-ant-mine' });
  expect(estimated).toMatchObject({ inputTokens: 21, countedBy: 'it', cost: 21 });
  expect(seen.map(({ url }) => url)).toEqual(Array(3).fill('/v1/messages/count_tokens'));
  expect(seen[0]?.body).toMatchObject({ model: 'claude-haiku-4-5', messages: [{ role: 'user' }] });
  expect(seen[0]?.body).not.toHaveProperty('max_tokens');
});

test('the Gemini API counts whole requests', async () => {
  const { seen, baseUrl } = await counting({ totalTokens: 7 });
  const settings = { kind: 'gemini', baseUrl, models: { '*': 'gemini-2.5-flash' } };
  const estimated = await exactly(settings, { GEMINI_API_KEY: 'mine' });
  expect(estimated).toMatchObject({ inputTokens: 21, countedBy: 'it', cost: 21 });
  const [{ url, key, body } = { url: '', key: '', body: {} }] = seen;
  expect([url, key]).toEqual(['/v1beta/models/gemini-2.5-flash:countTokens', 'mine']);
  expect(body).toMatchObject({
    generateContentRequest: { model: 'models/gemini-2.5-flash', contents: [{ role: 'user' }] },
  });
});

const VERTEX = {
  ...{ kind: 'vertex-ai', project: 'p', models: { '*': 'gemini-2.5-flash' } },
  store: { type: 'gcs', bucket: 'b' },
};

test("Google's SDK counts for Vertex AI, and keeps its notice to itself", async () => {
  const { VertexAI } = await import('@google-cloud/vertexai');
  const { getGenerativeModel } = VertexAI.prototype;
  vi.spyOn(VertexAI.prototype, 'getGenerativeModel').mockImplementation(function (
    this: InstanceType<typeof VertexAI>,
    ...given
  ) {
    // Instead of a token from Google.
    return Object.assign(getGenerativeModel.apply(this, given), { fetchToken: async () => 't' });
  });
  const warn = vi.spyOn(console, 'warn');
  const send = vi
    .spyOn(globalThis, 'fetch')
    .mockImplementation(async () => Response.json({ totalTokens: 7 }));
  onTestFinished(() => void vi.restoreAllMocks());

  const estimated = await exactly({ ...VERTEX, location: 'us-central1' }, {});

  expect(estimated).toMatchObject({ inputTokens: 21, countedBy: 'it', cost: 21 });
  const [url, { body } = {}] = send.mock.calls[0] ?? [];
  expect(String(url)).toBe(
    'https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1/publishers/google/models/gemini-2.5-flash:countTokens',
  );
  expect(JSON.parse(String(body))).toMatchObject({ contents: [{ parts: [{ text: 'one' }] }] });
  expect(warn).not.toHaveBeenCalled();
});

test.each<[string, object, object, string]>([
  ['a kind without such a call', { kind: 'openai' }, {}, 'openai has no call that counts tokens'],
  ['no key', { kind: 'anthropic', models }, {}, 'put one into ANTHROPIC_API_KEY'],
  ['a place that the SDK cannot reach', { ...VERTEX, location: 'global' }, {}, 'name a region'],
])('says what to do about %s', async (_, settings, environment, why) => {
  await expect(exactly(settings, environment)).rejects.toThrow(why);
});

test('a refusal of the provider names the line', async () => {
  const { baseUrl } = await counting({ error: { message: 'no such model' } }, 404);
  const settings = { kind: 'anthropic', baseUrl, models };
  const counted = exactly(settings, { ANTHROPIC_API_KEY: 'sk-ant-mine' }, [lineOf('one')]);
  await expect(counted).rejects.toThrow(/it did not count line 1: .*no such model/);
});

test('too many requests are not counted', async () => {
  const many = Array.from({ length: MAX_COUNTED_REQUESTS + 1 }, (_, index) => lineOf(`${index}`));
  const counted = exactly({ kind: 'gemini', models }, { GEMINI_API_KEY: 'mine' }, many);
  await expect(counted).rejects.toThrow('count a sample of at most 10000');
});

test('a file with problems is not counted', async () => {
  const estimated = await exactly({ kind: 'anthropic', models }, {}, ['{\n']);
  expect(estimated).toMatchObject({ problems: 1, countedBy: null });
});
