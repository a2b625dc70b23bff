import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../../shared/batch/job.ts';
import { referenceOf } from '../../../shared/jsonl/rows.ts';
import { routeOf as bedrockRoute } from '../../../shared/providers/bedrock/requests.ts';
import { readRows as readBedrockRows } from '../../../shared/providers/bedrock/rows.ts';
import type { JobContext, RowGroups } from '../../../shared/providers/provider.ts';
import { referenceOf as vertexReferenceOf } from '../../../shared/providers/vertex/api.ts';
import { routeOf as vertexRoute } from '../../../shared/providers/vertex/requests.ts';
import { readRows as readVertexRows } from '../../../shared/providers/vertex/rows.ts';
import { MemoryBucket } from '../../../simulators/memory/bucket.ts';
import { memoryScratch } from '../../../simulators/memory/scratch.ts';
import { spoolRows } from '../../support/spools.ts';
import { startStub as startAnthropic } from './anthropic/stub.ts';
import { startStub as startGemini } from './gemini/stub.ts';
import { mistralAt } from './mistral/provider.ts';
import { startStub as startOpenAi } from './openai/stub.ts';
import { KEY } from './steps.ts';
import { startStubServer } from './stubServer.ts';
import { togetherAt } from './together/provider.ts';
import { vertexSettings } from './vertex/world.ts';

const JOB: JobContext = {
  key: KEY,
  batchId: 'a-batch',
  endpoint: '/v1/chat/completions',
  model: 'a-model',
  format: 'native',
  options: {},
};
const outcome = (file: string): Outcome => ({ kind: 'completed', jobId: 'job_1', files: [file] });

/** A kind of provider: a line of its output for a request, and how it reads a file of such lines. */
interface Kind {
  line(reference: string): string;
  /** Default: `referenceOf`. */
  readonly referenceOf?: (id: string) => string;
  read(content: Buffer): Promise<RowGroups>;
}

const CLAUDE = { id: 'msg_1', type: 'message', content: [], usage: { input_tokens: 1 } };
const VERTEX_MODELS = { models: { '*': 'gemini-2.5-flash' } };

const KINDS: Readonly<Record<string, Kind>> = {
  OpenAI: {
    line: (id) =>
      JSON.stringify({
        id: 'batch_req_1',
        custom_id: id,
        response: { status_code: 200, request_id: 'q', body: { secret: 1 } },
        error: null,
      }),
    async read(content) {
      const { provider } = await startOpenAi((_call, response) => response.end(content));
      return provider.readRows(outcome('file-1'), JOB);
    },
  },
  Anthropic: {
    line: (id) =>
      JSON.stringify({
        custom_id: `${KEY}_${id}`,
        result: { type: 'succeeded', message: { ...CLAUDE, secret: 1 } },
      }),
    async read(content) {
      const { provider } = await startAnthropic((_call, response) => response.end(content));
      return provider.readRows(outcome('msgbatch_1'), JOB);
    },
  },
  Gemini: {
    line: (id) => JSON.stringify({ key: id, response: { candidates: [], secret: 1 } }),
    async read(content) {
      const { provider } = await startGemini((_call, response) => response.end(content));
      return provider.readRows(outcome('files/1'), JOB);
    },
  },
  Mistral: {
    line: (id) =>
      JSON.stringify({
        id: 'batch-1',
        custom_id: id,
        response: { status_code: 200, body: { secret: 1 } },
        error: null,
      }),
    async read(content) {
      const { url } = await startStubServer((_call, response) => response.end(content));
      return (await mistralAt(url)).readRows(outcome('file-1'), JOB);
    },
  },
  Together: {
    line: (id) =>
      JSON.stringify({ custom_id: id, response: { status_code: 200, body: { secret: 1 } } }),
    async read(content) {
      const { url } = await startStubServer((_call, response) => response.end(content));
      return (await togetherAt(url)).readRows(outcome('file-1'), JOB);
    },
  },
  'Vertex AI on Cloud Storage': {
    referenceOf: vertexReferenceOf,
    line: (id) =>
      JSON.stringify({ custom_id: id, status: '', response: { candidates: [], secret: 1 } }),
    async read(content) {
      const lines = content
        .toString()
        .split('\n')
        .map((line) => Buffer.from(line));
      return readVertexRows(
        {
          filesOf: async () => [],
          async *lines() {
            yield lines.filter((line) => line.length > 0);
          },
          delete: async () => {},
        },
        outcome('gs://a-bucket/o'),
        vertexRoute(vertexSettings(VERTEX_MODELS), JOB),
      );
    },
  },
  Bedrock: {
    line: (id) =>
      JSON.stringify({ modelInput: { secret: 1 }, modelOutput: { content: [] }, recordId: id }),
    async read(content) {
      const bucket = new MemoryBucket();
      bucket.objects.set('o', content);
      const settings = { models: { '*': 'amazon.nova-micro-v1:0' }, dropFields: [] };
      return readBedrockRows(bucket.store(), outcome('o'), bedrockRoute(settings, JOB));
    },
  },
};

function referencesOf(kind: Kind): [string, string, string] {
  const [a, b, c] = ['a', 'b', 'c'].map(kind.referenceOf ?? referenceOf);
  return [String(a), String(b), String(c)];
}
const BYTE_ORDER_MARK = '\uFEFF';

async function spoolOf(kind: Kind, lines: readonly string[]) {
  const content = Buffer.from(`${lines.join('\n')}\n`);
  const spool = await spoolRows(await kind.read(content), await memoryScratch.create());
  const spooled = referencesOf(kind).map((reference) => spool.rows.get(reference));
  const known = spooled.filter((row) => row !== undefined);
  const texts = (await spool.read(known)).map((bytes) => Buffer.from(bytes).toString());
  return { spool, outcomes: spooled.map((row) => row?.outcome), texts };
}

describe.each(Object.entries(KINDS))('of the output of %s', (_name, kind) => {
  const [A, B, C] = referencesOf(kind);
  const [a, b, c] = [A, B, C].map((reference) => kind.line(reference)) as [string, string, string];
  const afterId = (line: string, id: string) => line.indexOf(id) + id.length + 5;

  test('a line that is cut off after its id costs its own request', async () => {
    const idIsLast = kind === KINDS.Bedrock;
    const cut = idIsLast ? b.slice(0, -1) : b.slice(0, afterId(b, B));
    const { spool, outcomes, texts } = await spoolOf(kind, [a, cut, c]);
    expect(outcomes).toEqual(['succeeded', 'failed', 'succeeded']);
    expect(spool).toMatchObject({ unreadable: 1, nameless: 0, foreign: 0, isMetered: false });
    expect(JSON.parse(texts[1] ?? '')).toMatchObject({
      custom_id: B,
      response: null,
      error: { code: 'unreadable_row', message: expect.not.stringContaining('secret') },
    });
  });

  test('a line without its id is counted as naming no request', async () => {
    const { spool, outcomes } = await spoolOf(kind, [a, '{"sec', c, '":1}}', '{"secret":1}']);
    expect(outcomes).toEqual(['succeeded', undefined, 'succeeded']);
    expect(spool).toMatchObject({ unreadable: 0, nameless: 3, foreign: 0 });
  });

  test('of two lines that lost the line end between them, each costs its own request', async () => {
    const { spool, outcomes } = await spoolOf(kind, [a, b + c]);
    expect(outcomes).toEqual(['succeeded', 'failed', 'failed']);
    expect(spool).toMatchObject({ unreadable: 2, nameless: 0 });
  });

  test('a byte order mark and NUL bytes around a line are no part of it', async () => {
    const { spool, outcomes, texts } = await spoolOf(kind, [
      BYTE_ORDER_MARK + a,
      `\0\0${b}`,
      `${c}\0`,
    ]);
    expect(outcomes).toEqual(['succeeded', 'succeeded', 'succeeded']);
    expect(texts.map((text) => JSON.parse(text).custom_id)).toEqual([A, B, C]);
    expect(spool).toMatchObject({ unreadable: 0, nameless: 0, foreign: 0 });
  });

  test.each(['null', '[1, 2]', '"text"', '17', '\0\0'])(
    'a line %j holds no answer, and costs nothing',
    async (text) => {
      const { spool, outcomes } = await spoolOf(kind, [a, text, c]);
      expect(outcomes).toEqual(['succeeded', undefined, 'succeeded']);
      expect(spool).toMatchObject({ unreadable: 0, nameless: 0, foreign: 1 });
    },
  );

  test('a row that can be read counts, whether it comes before or after one that cannot', async () => {
    const cut = b.slice(0, -1);
    expect((await spoolOf(kind, [b, cut])).outcomes[1]).toBe('succeeded');
    const { spool, outcomes } = await spoolOf(kind, [cut, b]);
    expect(outcomes[1]).toBe('succeeded');
    expect(spool.unreadable).toBe(0);
  });
});

test('a row of BigQuery that has no cells, or an answer that was cut off, costs its own request', async () => {
  const settings = vertexSettings(VERTEX_MODELS);
  const [A, B] = ['a', 'b'].map(vertexReferenceOf);
  const rows = readVertexRows(
    {
      filesOf: async () => [],
      async *lines() {
        yield [
          { custom_id: A, response: { candidates: [] } },
          { custom_id: B, response: '{"candidates":[' },
          {},
        ];
      },
      delete: async () => {},
    },
    outcome('bq://p.d.t'),
    vertexRoute(settings, JOB),
  );
  const spool = await spoolRows(rows, await memoryScratch.create());
  expect([A, B].map((id) => spool.rows.get(String(id))?.outcome)).toEqual(['succeeded', 'failed']);
  expect(spool).toMatchObject({ unreadable: 1, nameless: 1 });
});
