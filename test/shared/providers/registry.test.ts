import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { ProviderError, RefusedError } from '../../../shared/batch/errors.ts';
import type { ProviderSettings } from '../../../shared/providers/kinds.ts';
import { connectProviders, describedProviders } from '../../../shared/providers/registry.ts';
import { SECRET_PLACEHOLDER } from '../../../shared/providers/settings.ts';
import { MemoryBucket } from '../../../simulators/memory/bucket.ts';
import { listed } from './steps.ts';

const OPENAI: ProviderSettings = { kind: 'openai', limits: {}, models: {}, dropFields: [] };
const objects = new MemoryBucket().store();
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** Accepts one key and refuses every other; has no jobs, and this for whatever is asked. */
async function startApi(goodKey: string, found?: object): Promise<string> {
  const server = createServer((request, response) => {
    const status =
      request.headers.authorization === `Bearer ${goodKey}` ? (found ? 200 : 404) : 401;
    const body = status === 200 ? found : { error: {} };
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

function secretThatHolds(...values: (string | undefined)[]) {
  const reads: { entry: string; isFresh: boolean }[] = [];
  const secret = async (entry: string, isFresh: boolean) => {
    reads.push({ entry, isFresh });
    return values[Math.min(reads.length, values.length) - 1];
  };
  return { secret, reads };
}

const errorOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

test('describes an entry without reading its secret, with its own limits before the defaults', async () => {
  const { secret, reads } = secretThatHolds(undefined);
  const entries = { main: { ...OPENAI, limits: { maxInFlight: 3 } } };

  const described = await connectProviders(entries, { secret, objects }).describe('main');

  expect(described.limits).toMatchObject({ maxInFlight: 3, maxRequests: 50_000 });
  expect(described.endpoints).toContain('/v1/responses');
  expect(() => described.checkOptions({ nonsense: 1 })).toThrow('options.nonsense');
  expect(reads).toEqual([]);
});

test.each([
  [{}, undefined],
  [{ 'gpt-4o': 'mine' }, undefined],
  [{ '*': 'any' }, 'any'],
  // Which of the two would run is not certain.
  [{ '*': 'any', any: 'other' }, undefined],
])(
  'with models %j, a request that names none has the model %j',
  async (models: Record<string, string>, model) => {
    const registry = describedProviders({ main: { ...OPENAI, models } });
    expect((await registry.describe('main')).defaultModel).toBe(model);
  },
);

test('an entry says how long its jobs may take, before its kind does', () => {
  const entries: Record<string, ProviderSettings> = {
    usual: OPENAI,
    slow: { ...OPENAI, timing: { completionHours: 30 } },
  };
  const { timing } = connectProviders(entries, { secret: async () => undefined, objects });
  expect(timing('usual')).toEqual({ completionHours: 24, progressHours: 24 });
  expect(timing('slow')).toEqual({ completionHours: 30, progressHours: 24 });
  expect(timing('gone')).toBeUndefined();
  expect(timing('toString')).toBeUndefined();
});

test('the completion window sets the time of jobs: that of the message, else of the entry', () => {
  const base = { ...OPENAI, kind: 'openai-compatible' as const, baseUrl: 'https://a.invalid/v1' };
  const registry = describedProviders({
    usual: base,
    week: { ...base, completionWindow: '7d' },
    own: { ...base, completionWindow: '7d', timing: { completionHours: 200 } },
    openai: OPENAI,
  });
  const hours = (name: string, window?: string) => registry.timing(name, window)?.completionHours;
  expect([hours('usual'), hours('week'), hours('own')]).toEqual([24, 168, 200]);
  expect([hours('usual', '1h'), hours('week', '48h'), hours('own', '1h')]).toEqual([1, 48, 1]);
  // OpenAI has one window.
  expect(hours('openai', '1h')).toBe(24);
});

test('the discount is what the kind states, and none where services differ', async () => {
  const prices = { '*': { input: 2, output: 8 } };
  const { kind, ...rest } = OPENAI;
  const compatible = {
    ...rest,
    kind: 'openai-compatible',
    baseUrl: 'https://a.invalid/v1',
  } as const;
  const registry = describedProviders({
    openai: { ...OPENAI, prices },
    service: { ...compatible, prices },
    deepinfra: { ...compatible, prices, batchDiscount: 0.2 },
  });
  const inputs = ['openai', 'service', 'deepinfra'].map(
    async (name) => (await registry.describe(name)).pricing.priceOf('m')?.input,
  );
  expect(await Promise.all(inputs)).toEqual([1, 2, 1.6]);
});

test('describes what an entry costs: half the list price, by either name of the model', async () => {
  const { secret } = secretThatHolds(undefined);
  const prices = { mine: { input: 2, output: 8 }, theirs: { input: 1, output: 4, cachedInput: 0 } };
  const models = { alias: 'theirs' };
  const entries = {
    silent: OPENAI,
    priced: { ...OPENAI, prices, models },
    bounded: { ...OPENAI, prices: { '*': prices.mine }, batchDiscount: 0.25, dailyBudget: 9 },
  };
  const registry = connectProviders(entries, { secret, objects });

  const pricings = ['silent', 'priced', 'bounded'].map((name) => registry.describe(name));
  const [silent, priced, bounded] = (await Promise.all(pricings)).map(({ pricing }) => pricing);

  expect(silent?.priceOf('mine')).toBeUndefined();
  expect(silent?.dailyBudget).toBeUndefined();
  expect(priced?.priceOf('mine')).toEqual({ input: 1, output: 4 });
  expect(priced?.priceOf('alias')).toEqual({ input: 0.5, output: 2, cachedInput: 0 });
  expect(priced?.priceOf('other')).toBeUndefined();
  expect(bounded?.priceOf('other')).toEqual({ input: 1.5, output: 6 });
  expect(bounded?.dailyBudget).toBe(9);
});

test('names the entries, the first being the default', () => {
  const { secret } = secretThatHolds('sk-1');
  expect(connectProviders({ b: OPENAI, a: OPENAI }, { secret, objects }).names).toEqual(['b', 'a']);
});

test.each(['nobody', 'constructor', ''])(
  'refuses the name %j and lists the known names',
  async (name) => {
    const { secret } = secretThatHolds('sk-1');
    const registry = connectProviders({ first: OPENAI, second: OPENAI }, { secret, objects });

    for (const call of [registry.get(name), registry.describe(name)]) {
      const error = await errorOf(call);
      expect(error).toBeInstanceOf(RefusedError);
      expect(error).toMatchObject({
        reason: { code: 'unknown_provider', message: expect.stringContaining('first, second') },
      });
    }
  },
);

test.each([
  [undefined, 'secret_not_filled'],
  ['', 'secret_not_filled'],
  [' \n', 'secret_not_filled'],
  [SECRET_PLACEHOLDER, 'secret_not_filled'],
  ['sk-1 sk-2', 'secret_malformed'],
  ['sk-1\nsk-2', 'secret_malformed'],
])('the secret %j is an account error', async (value, code) => {
  const { secret } = secretThatHolds(value);
  const error = await errorOf(connectProviders({ main: OPENAI }, { secret, objects }).get('main'));
  expect(error).toBeInstanceOf(ProviderError);
  expect(error).toMatchObject({ kind: 'account', reason: { code } });
});

test('a secret that is filled in later is read without a restart', async () => {
  const { secret } = secretThatHolds(SECRET_PLACEHOLDER, 'sk-good');
  const registry = connectProviders(
    { main: OPENAI },
    { secret, objects, baseUrls: { main: await startApi('sk-good') } },
  );

  expect(await errorOf(registry.get('main'))).toMatchObject({ kind: 'account' });

  const provider = await registry.get('main');
  expect(await provider.check('batch_1')).toEqual({ state: 'missing' });
});

test('reads a secret once for concurrent callers', async () => {
  const { secret, reads } = secretThatHolds('sk-good\n');
  const registry = connectProviders({ main: OPENAI }, { secret, objects });

  const got = await Promise.all([registry.get('main'), registry.get('main'), registry.get('main')]);

  expect(got).toHaveLength(3);
  expect(reads).toHaveLength(1);
});

test('a key that was rotated takes effect at the first refusal of the old one', async () => {
  const { secret, reads } = secretThatHolds('sk-old', 'sk-new');
  const registry = connectProviders(
    { main: OPENAI },
    { secret, objects, baseUrls: { main: await startApi('sk-new') } },
  );
  const old = await registry.get('main');

  expect(await old.check('batch_1')).toEqual({ state: 'missing' });
  // A late refusal of the old key says nothing about the new one, which is kept.
  expect(await old.check('batch_2')).toEqual({ state: 'missing' });
  const fresh = await registry.get('main');
  expect(await fresh.check('batch_1')).toEqual({ state: 'missing' });
  expect(reads).toEqual([
    { entry: 'main', isFresh: false },
    { entry: 'main', isFresh: true },
  ]);
});

test('a key that is refused and has not changed is refused, and read anew each time', async () => {
  const { secret, reads } = secretThatHolds('sk-old');
  const registry = connectProviders(
    { main: OPENAI },
    { secret, objects, baseUrls: { main: await startApi('sk-new') } },
  );

  const provider = await registry.get('main');
  await expect(provider.check('batch_1')).rejects.toMatchObject({ kind: 'account' });
  const listing = (await registry.get('main')).listJobs(0)[Symbol.asyncIterator]().next();
  await expect(listing).rejects.toMatchObject({ kind: 'account' });

  expect(reads.map(({ isFresh }) => isFresh)).toEqual([false, true, true]);
});

test('a listing that was refused before its first job begins again with the new key', async () => {
  const { secret } = secretThatHolds('sk-old', 'sk-new');
  const answer = { data: [], has_more: false };
  const registry = connectProviders(
    { main: OPENAI },
    { secret, objects, baseUrls: { main: await startApi('sk-new', answer) } },
  );
  const provider = await registry.get('main');
  expect(await provider.listJobs(0)[Symbol.asyncIterator]().next()).toMatchObject({ done: true });
});

test('a secret that was emptied meanwhile leaves the refusal as it is', async () => {
  const { secret } = secretThatHolds('sk-old', undefined);
  const registry = connectProviders(
    { main: OPENAI },
    { secret, objects, baseUrls: { main: await startApi('sk-new') } },
  );
  const provider = await registry.get('main');
  await expect(provider.check('batch_1')).rejects.toMatchObject({ reason: { code: 'http_401' } });
});

test.each([
  ['http://api.example.com/v1', false],
  ['http://127.0.0.1.example.com/v1', false],
  ['ftp://127.0.0.1/v1', false],
  ['nonsense', false],
  ['https://api.example.com/v1', true],
  ['http://127.0.0.1:4000/v1', true],
  ['http://localhost:4000/v1', true],
  ['http://[::1]:4000/v1', true],
])('base URL %s', async (baseUrl, allowed) => {
  const { secret, reads } = secretThatHolds('sk-1');
  const registry = connectProviders({ main: { ...OPENAI, baseUrl } }, { secret, objects });

  const error = await errorOf(registry.get('main'));

  if (allowed) expect(error).toBeUndefined();
  else expect(error).toMatchObject({ kind: 'account', reason: { code: 'base_url_refused' } });
  expect(reads).toHaveLength(allowed ? 1 : 0);
});

test('a refusal that repeats the key of the entry, in whatever form, does not show it', async () => {
  const key = 'tgp_v1_0123456789';
  const server = createServer((_request, response) =>
    response.writeHead(500).end(`no route for ${key}`),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => server.close());
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const { secret } = secretThatHolds(`${key}\n`);
  const entries = { main: { ...OPENAI, baseUrl } };
  const provider = await connectProviders(entries, { secret, objects }).get('main');

  const errors = [await errorOf(provider.cancel('batch_1')), await errorOf(listed(provider, 0))];

  for (const error of errors) {
    expect(error).toMatchObject({ kind: 'transient', reason: { code: 'http_500' } });
    expect((error as ProviderError).message).toContain('no route for …');
    expect((error as ProviderError).reason.message).not.toContain(key);
  }
});

test('a base URL with a password is refused, and is not shown', async () => {
  const { secret } = secretThatHolds('a-good-key');
  const entries = { main: { ...OPENAI, baseUrl: 'https://me:hidden@gateway.invalid/v1' } };
  const error = await errorOf(connectProviders(entries, { secret, objects }).get('main'));
  expect(error).toMatchObject({ kind: 'account', reason: { code: 'base_url_refused' } });
  expect((error as ProviderError).reason.message).toContain('user or a password');
  expect((error as ProviderError).reason.message).not.toContain('hidden');
});

test('an entry may have the name of a property of every object', async () => {
  const baseUrl = await startApi('key');
  const providers = connectProviders(
    { constructor: { ...OPENAI, baseUrl } },
    { ...secretThatHolds('key'), objects },
  );

  const provider = await providers.get('constructor');

  expect(await provider.check('batch_1')).toEqual({ state: 'missing' });
});
