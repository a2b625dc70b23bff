import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_MODEL_LENGTH } from '../../../shared/batch/bounds.ts';
import { ProviderError, RefusedError, shortReason } from '../../../shared/batch/errors.ts';
import { DEFAULT_POLICY } from '../../../shared/batch/policy.ts';
import type { Batch } from '../../../shared/batch/record.ts';
import { STATUSES, type Status } from '../../../shared/batch/status.ts';
import { fromItem, MAX_RECORD_BYTES, toItem } from '../../../shared/stores/batchItem.ts';
import { SUCCESS } from '../../support/fakes/fakeProvider.ts';
import { requestLine, upload, type World, world } from '../../support/world.ts';

/** So that a failure comes again. fast-check prints it with the path to the smallest example. */
const SEED = 20_261_129;
const LAYOUT = { partitions: { due: 4, active: 1 }, ...DEFAULT_POLICY };

/**
 * A world whose table keeps records as the adapter writes them. What cannot be written, or not be read
 * back, is in `broken`.
 */
function storing(): World & { readonly broken: string[]; readonly written: Set<Status> } {
  const w = world();
  const broken: string[] = [];
  const written = new Set<Status>();
  const stored = (batch: Batch): Batch => {
    const { batchId, version, status } = batch;
    const where = `${batchId} v${version} ${status}`;
    try {
      const item = toItem(batch, LAYOUT);
      const bytes = Buffer.byteLength(String(item.record));
      if (bytes > MAX_RECORD_BYTES) broken.push(`${where} has ${bytes} bytes`);
      const read = fromItem(item);
      if (!isDeepStrictEqual(read.spec, batch.spec)) broken.push(`${where} has another spec`);
      written.add(status);
      return read;
    } catch (error) {
      // The message is refused before there is a batch.
      const isRefused = version === 0 && !batch.part && error instanceof RefusedError;
      if (!isRefused) broken.push(`${where}: ${String(error)}`);
      throw error;
    }
  };
  const { create, replace } = w.batches;
  w.dependencies.batches.create = async (batch) => create(stored(batch));
  w.dependencies.batches.replace = async (batch) => replace(stored(batch));
  return Object.assign(w, { broken, written });
}

const EDGES = [
  ...['__proto__', 'constructor', 'toString', ' ', '\u0000', '\ud800', '\u2028', '\uffff'],
  ...['"'.repeat(64), '\u0001'.repeat(64), '语'.repeat(64), '💸'.repeat(32)],
];
const text = (max: number, min = 0): fc.Arbitrary<string> =>
  fc
    .oneof(
      fc.string({ unit: 'binary', minLength: min, maxLength: Math.min(max, 40) }),
      fc.constantFrom(...EDGES),
      fc.constantFrom(...EDGES).map((edge) => edge.repeat(Math.ceil(max / edge.length))),
    )
    .map((value) => value.slice(0, max));

const HUGE = [Number.MAX_VALUE, Number.MAX_SAFE_INTEGER, 2 ** 53, 1e21, 5e-324, 0, 1, 0.5];
/** What is accepted, and now and then what is not. */
const often = <T, U>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<U>) =>
  fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: odd });

const positive = fc.oneof(
  fc.constantFrom(...HUGE.filter((value) => value > 0)),
  fc.double({ min: 1e-9, max: 1e12, noNaN: true }),
);
const anyNumber = fc.oneof(
  fc.constantFrom(...HUGE, ...HUGE.map((value) => -value)),
  fc.constantFrom<unknown>(null, 'many', [], {}, true),
  fc.integer(),
);

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}
const json = fc.oneof(
  fc.jsonValue(),
  fc.integer({ min: 1, max: 240 }).map(nested),
  fc.constantFrom(...HUGE, '', ...EDGES),
);
/** With the names that an object can only have if it was parsed. */
const object = fc
  .array(fc.tuple(text(64, 1), json), { maxLength: 5 })
  .map((pairs) =>
    JSON.parse(
      `{${pairs.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join()}}`,
    ),
  );

const message = fc.record(
  {
    batchId: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/),
    priority: fc.constantFrom(-500, 0, 499),
    notBefore: often(fc.integer({ min: -29, max: 0 }), fc.integer({ min: 1, max: 29 })),
    maxCost: positive,
    format: fc.constantFrom('openai', 'native'),
    endpoint: fc.constantFrom('/v1/embeddings', '/v1/chat/completions'),
    options: object,
    metadata: fc.dictionary(text(64, 1), text(512), { maxKeys: 16 }),
    key: often(fc.stringMatching(/^[a-z语💸 ]{1,250}$/u), text(1_000, 1)),
  },
  { requiredKeys: ['batchId'] },
);

const request = fc.record(
  {
    custom_id: text(512, 1),
    max_tokens: often(fc.constantFrom(1, 10_000_000, -1, null), fc.constant(1e300)),
    n: often(fc.constantFrom(1, 1_000, 0.5, 'x'), fc.constant(1_001)),
    input: json,
    more: object,
  },
  { requiredKeys: ['custom_id'] },
);

/** How a job ends, or that it is refused. */
const turn = fc.record({
  /** How its creation is refused, if it is. */
  refused: fc.option<string | undefined>(
    fc.constantFrom(
      'quota',
      'account',
      'permanent',
      'transient',
      'uncertain',
      'missing',
      'forbidden',
    ),
    { freq: 1 },
  ),
  kind: fc.constantFrom('completed', 'expired', 'cancelled', 'failed'),
  refusal: fc.option(fc.constantFrom('permanent', 'quota', 'account'), { freq: 2 }),
  reason: fc
    .record({
      code: text(300),
      message: text(2_000),
      limit: positive,
      of: fc.constantFrom('tokens', 'requests'),
      named: fc.boolean(),
    })
    .map(({ code, message, of, limit, named }) => ({
      ...shortReason(code, message),
      ...(named && { quota: { of, limit } as const }),
    })),
  answered: fc.option(fc.constantFrom(1, 3, Number.MAX_SAFE_INTEGER), { freq: 2 }),
  row: fc.constantFrom('success', 'huge', 429, 500, 400, 'broken', 'none'),
  usage: fc.record({
    prompt_tokens: anyNumber,
    completion_tokens: anyNumber,
    total_tokens: anyNumber,
    cost: anyNumber,
  }),
  condition: fc.constantFrom('Success', 'RetriesExhausted'),
  command: fc.option(fc.constantFrom('cancel', 'retry', 'redeliver'), { freq: 4 }),
  hours: fc.constantFrom(0.1, 1, 2, 30),
});
type Turn = typeof turn extends fc.Arbitrary<infer T> ? T : never;

const life = fc.record({
  message,
  model: often(
    fc.constantFrom('m', '__proto__', 'constructor', '语'.repeat(MAX_MODEL_LENGTH), ' "\\'),
    text(MAX_MODEL_LENGTH + 1, 1),
  ),
  requests: often(
    fc.uniqueArray(request, { minLength: 1, maxLength: 4, selector: ({ custom_id }) => custom_id }),
    fc.array(request, { minLength: 2, maxLength: 2 }),
  ),
  isInline: fc.boolean(),
  keepsFiles: fc.boolean(),
  maxRequests: fc.constantFrom(1, 2, 50_000),
  price: fc.option(positive),
  turns: fc.array(turn, { minLength: 1, maxLength: 8 }),
});

const FAILED = { code: 'failed', message: 'it failed' };

function endJobs(w: World, { kind, refusal, reason, answered, row, usage }: Turn): void {
  for (const job of w.provider.jobs.filter(({ state }) => state.state === 'running'))
    w.provider.end(
      job,
      { kind, reason, ...(refusal && { refusal }), ...(answered && { answered }) } as never,
      () => {
        if (row === 'none') return undefined;
        if (row === 'success') return SUCCESS;
        if (row === 'broken') return { response: 5, error: [] };
        const status = row === 'huge' ? 200 : row;
        return { response: { status_code: status, request_id: 'q', body: { usage } }, error: null };
      },
    );
}

async function live(w: World, given: typeof life extends fc.Arbitrary<infer T> ? T : never) {
  const { message: fields, model, requests, isInline, maxRequests, price, turns } = given;
  const { provider } = w;
  if (given.keepsFiles) provider.deleteFailure = new ProviderError('transient', FAILED);
  Object.assign(provider, { limits: { ...provider.limits, maxRequests } });
  if (price)
    provider.pricing = { priceOf: () => ({ input: price, output: price }), dailyBudget: undefined };
  const { notBefore, key, batchId, ...asked } = fields;
  const lines = requests.map(({ custom_id, more, ...body }) => ({
    custom_id,
    method: 'POST',
    url: fields.endpoint ?? '/v1/chat/completions',
    body: { ...more, ...body, model },
  }));
  const objectKey = key === undefined || isInline ? `uploads/${batchId}.jsonl` : `uploads/${key}`;
  await upload(
    w.objects,
    objectKey,
    lines.map((line) => JSON.stringify(line)),
  );
  const now = w.dependencies.clock.now();
  await w.send({
    ...asked,
    batchId,
    ...(notBefore !== undefined && {
      notBefore: new Date(now + notBefore * 86_400_000).toISOString(),
    }),
    ...(isInline
      ? { requests: lines }
      : key !== undefined && { file: `s3://${w.objects.bucket}/${objectKey}` }),
  });
  await w.workAll();
  for (const next of turns) {
    provider.onSubmit = () => {
      if (next.refused) throw new ProviderError(next.refused as never, next.reason);
    };
    await w.sweep();
    await w.workAll();
    endJobs(w, next);
    await w.sweep();
    await w.workAll();
    const isThere = w.batches.all().some((batch) => batch.batchId === batchId);
    if (next.command && isThere) await w.send({ action: next.command, batchId });
    for (const { body } of w.batchQueue.splice(0)) await w.send(body);
    for (const event of w.invocations.splice(0)) await w.settle(next.condition, event);
    w.advance(next.hours * 3_600);
  }
}

describe('whatever a message, its lines and the provider say', () => {
  it('each record can be written and read back, and no step fails at one', async () => {
    const reached = new Set<Status>();
    await fc.assert(
      fc.asyncProperty(life, async (given) => {
        const w = storing();
        await live(w, given);
        expect(w.broken).toEqual([]);
        expect(w.metrics.get('SweepErrors')).toBeUndefined();
        const batches = w.batches.all();
        const codes = batches.flatMap(({ reasons }) => reasons.map(({ code }) => code));
        expect(codes).not.toContain('work_failed');
        // Accepted, or refused with a reason.
        const isAdded = batches.some(({ batchId }) => batchId === given.message.batchId);
        expect(isAdded || w.deadLetters.length > 0).toBe(true);
        for (const status of w.written) reached.add(status);
      }),
      { seed: SEED, numRuns: 200 },
    );
    // The lives come to every status, so each was written.
    expect([...reached].sort()).toEqual([...STATUSES].sort());
  });
});

describe('a record that is as large as its message may make it', () => {
  const metadata = Object.fromEntries(
    Array.from({ length: 16 }, (_, n) => [`name-${n}`.padEnd(64, '-'), 'x'.repeat(500)]),
  );

  /** Adds a batch whose options are as large as is accepted. */
  async function addLarge(w: World): Promise<void> {
    for (let bytes = 8_100; w.batches.all().length === 0; bytes -= 50)
      await w.send({ batchId: 'x', options: { a: 'x'.repeat(bytes) }, metadata });
    expect(w.deadLetters.at(-1)?.reason).toMatch(/^record_too_large: .* shorten its options/);
    await w.workAll();
  }

  it('is still written with 200 parts, and so are they', async () => {
    const w = storing();
    Object.assign(w.provider, { limits: { ...w.provider.limits, maxRequests: 1 } });
    const body = { model: '语'.repeat(MAX_MODEL_LENGTH), max_tokens: 10_000_000, n: 1_000 };
    const lines = Array.from({ length: 200 }, (_, n) =>
      JSON.stringify({ custom_id: `${n}`, method: 'POST', url: '/v1/chat/completions', body }),
    );
    await upload(w.objects, 'uploads/x.jsonl', lines);
    await addLarge(w);
    await w.sweep();
    expect(w.broken).toEqual([]);
    expect(w.batch('x').status).toBe('split');
    expect(w.batches.all()).toHaveLength(201);
  });

  it('is still written when its provider refuses its jobs for a week and deletes no file', async () => {
    const w = storing();
    w.provider.deleteFailure = new ProviderError('transient', FAILED);
    await upload(w.objects, 'uploads/x.jsonl', [requestLine('a')]);
    await addLarge(w);
    for (let hour = 0; hour < 24 * 9; hour++) {
      await w.sweep();
      await w.workAll();
      for (const job of w.provider.jobs.filter(({ state }) => state.state === 'running')) {
        const reason = { code: 'token_limit_exceeded'.repeat(5), message: '语'.repeat(500) };
        w.provider.end(job, { kind: 'failed', refusal: 'quota', reason }, () => undefined);
      }
      await w.sweep();
      w.advance(3_600);
    }
    expect(w.broken).toEqual([]);
    expect(w.batch('x').status).toBe('failed');
    expect(w.provider.jobs.length).toBeGreaterThan(100);
  });
});
