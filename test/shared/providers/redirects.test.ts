import { expect, test } from 'vitest';
import type { Outcome } from '../../../shared/batch/job.ts';
import { anthropic } from '../../../shared/providers/anthropic/description.ts';
import { connectAnthropic } from '../../../shared/providers/anthropic/index.ts';
import { azureOpenAi } from '../../../shared/providers/azure/description.ts';
import { connectAzure } from '../../../shared/providers/azure/index.ts';
import { gemini } from '../../../shared/providers/gemini/description.ts';
import { connectGemini } from '../../../shared/providers/gemini/index.ts';
import { mistral } from '../../../shared/providers/mistral/description.ts';
import { connectMistral } from '../../../shared/providers/mistral/index.ts';
import { openAi } from '../../../shared/providers/openai/description.ts';
import { connectOpenAi } from '../../../shared/providers/openai/index.ts';
import type { Provider } from '../../../shared/providers/provider.ts';
import { together } from '../../../shared/providers/together/description.ts';
import { connectTogether } from '../../../shared/providers/together/index.ts';
import { xai } from '../../../shared/providers/xai/description.ts';
import { connectXai } from '../../../shared/providers/xai/index.ts';
import { flat } from '../../support/streams.ts';
import { entryAt } from './entry.ts';
import { scratchFileOf } from './scratchFile.ts';
import { type Recorded, startStubServer } from './stubServer.ts';

async function drained<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const KEY = 'bhabcdefghij012345-1';
const SECRET = 'sk-secret-of-the-test';

const KINDS: Readonly<Record<string, (baseUrl: string) => Promise<Provider>>> = {
  OpenAI: (baseUrl) => connectOpenAi(entryAt(openAi, { baseUrl, secret: SECRET })),
  'Azure OpenAI': (baseUrl) => connectAzure(entryAt(azureOpenAi, { baseUrl, secret: SECRET })),
  Anthropic: (baseUrl) => connectAnthropic(entryAt(anthropic, { baseUrl, secret: SECRET })),
  Gemini: (baseUrl) => connectGemini(entryAt(gemini, { baseUrl, secret: SECRET })),
  Mistral: (baseUrl) => connectMistral(entryAt(mistral, { baseUrl, secret: SECRET })),
  xAI: (baseUrl) => connectXai(entryAt(xai, { baseUrl, secret: SECRET })),
  Together: (baseUrl) => connectTogether(entryAt(together, { baseUrl, secret: SECRET })),
};

/** A service that sends every call to another host, which records what it receives. */
async function redirecting(status: number) {
  const other = await startStubServer((_request, response) => response.end('{}'));
  const service = await startStubServer(({ path }, response) =>
    response.writeHead(status, { location: other.url + path }).end(),
  );
  return { url: service.url, received: other.requests };
}

function expectNothingOfOurs(received: readonly Recorded[]): void {
  for (const { method, headers, body } of received) {
    expect(method).toBe('GET');
    expect(JSON.stringify(headers)).not.toContain(SECRET);
    expect(body).toBe('');
  }
}

for (const [name, connect] of Object.entries(KINDS))
  test.each([302, 307])(
    `${name}: a redirect with status %i shows another host neither the key nor a request`,
    async (status) => {
      const { url, received } = await redirecting(status);
      const provider = await connect(url);
      const job = {
        ...{ key: KEY, batchId: 'b', endpoint: '/v1/chat/completions', model: 'claude-haiku-4-5' },
        ...{ format: 'openai' as const, options: {} },
      };
      const messages = [{ role: 'user', content: 'a secret prompt' }];
      const file = await scratchFileOf([
        { custom_id: 'a', url: job.endpoint, body: { model: job.model, max_tokens: 9, messages } },
      ]);
      const outcome: Outcome = { kind: 'completed', jobId: 'batches/1', files: ['files/1'] };
      const ignored = () => undefined;

      await provider
        .submit({ ...job, completionWindow: '24h', file, requests: 1, createDeadlineMs: 9_000 })
        .catch(ignored);
      await provider.check('batches/1').catch(ignored);
      await provider.cancel('batches/1').catch(ignored);
      await drained(provider.listJobs(0)).catch(ignored);
      await drained(flat(provider.readRows(outcome, job))).catch(ignored);
      await file.remove();

      expectNothingOfOurs(received);
    },
  );

test('a file that a service keeps elsewhere is read there, without the key', async () => {
  const row = '{"custom_id":"a"}';
  const storage = await startStubServer((_request, response) => response.end(row));
  const service = await startStubServer((_request, response) =>
    response.writeHead(302, { location: `${storage.url}/signed?x=1` }).end(),
  );
  const provider = await connectOpenAi(entryAt(openAi, { baseUrl: service.url, secret: SECRET }));
  const job = {
    ...{ key: KEY, batchId: 'b', endpoint: '/v1/embeddings', model: 'm' },
    ...{ format: 'openai' as const, options: {} },
  };
  const outcome: Outcome = { kind: 'completed', jobId: 'batch_1', files: ['file-1'] };

  const rows = await drained(flat(provider.readRows(outcome, job)));

  expect(Buffer.from(rows[0] ?? []).toString()).toBe(row);
  expect(storage.requests).toHaveLength(1);
  expectNothingOfOurs(storage.requests);
});
