import { inspect } from 'node:util';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Api, startApi } from './api.ts';
import { requestOf, requests, type Sent } from './fuzzRequests.ts';

/** More with FUZZ_RUNS, which a person sets. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 400);
/** Nothing here waits for anything. */
const HANG_MS = 10_000;
/** Requests after which everything is read back, and there are new things to name. */
const RENEW_EVERY = 50;

/** Ids of things that a request can name. Some requests delete them. */
async function newNames(api: Api): Promise<readonly string[]> {
  const batch = await api.addBatch(['a', 'b']);
  const upload = await api.clientOf().uploads.create({
    ...{ filename: 'f.jsonl', purpose: 'batch', bytes: 4, mime_type: 'text/jsonl' },
  });
  const data = new File(['one\n'], 'part');
  const part = await api.clientOf().uploads.parts.create(upload.id, { data });
  return [batch.id, batch.input_file_id, upload.id, part.id];
}

/** @returns what is wrong with the answer; undefined if nothing is */
async function wrongWith(
  api: Api,
  sent: Sent,
  names: readonly string[],
  statuses: Map<number, number>,
) {
  const request = requestOf(sent, names);
  // What no client can send is no request.
  if (!request) return undefined;
  const response = await withinTime(api.fetch(request));
  if (!response) return 'there is no answer';
  const text = await withinTime(response.text());
  if (text === undefined) return 'the answer does not end';
  const { status, headers } = response;
  statuses.set(status, (statuses.get(status) ?? 0) + 1);
  if (status >= 500) return `it is answered with ${status}: ${api.logged.at(-2)}`;
  const isJson = headers.get('content-type')?.startsWith('application/json') ?? false;
  if (status < 400 || request.method === 'HEAD') return undefined;
  if (!isJson) return `the error ${status} is no JSON: ${text}`;
  const { error, ...others }: Record<string, Record<string, unknown>> = JSON.parse(text);
  const isRight =
    Object.keys(others).length === 0 &&
    Object.keys(error ?? {})
      .sort()
      .join() === 'code,message,param,type' &&
    [error?.message, error?.type].every((field) => typeof field === 'string' && field !== '') &&
    [error?.code, error?.param].every((field) => field === null || typeof field === 'string');
  return isRight ? undefined : `the error ${status} has not OpenAI's shape: ${text}`;
}

function withinTime<T>(promise: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(undefined), HANG_MS);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Lists and reads everything, as a client would. */
async function readBack(api: Api): Promise<void> {
  await api.workAll();
  const client = api.clientOf('key-operator');
  let batches = 0;
  for await (const { id } of client.batches.list({ limit: 100 })) {
    batches += 1;
    expect((await client.batches.retrieve(id)).id).toBe(id);
  }
  expect(batches).toBeGreaterThan(0);
  for await (const { id } of client.files.list({ limit: 100 }))
    expect((await client.files.retrieve(id)).id).toBe(id);
  expect(api.deadLetters).toEqual([]);
}

it('whatever is sent, the answer comes, is no fault of ours, and what is stored can be read', async () => {
  // Whoever waits for a worker has it work.
  const api: Api = startApi({ wait: () => api.workAll() });
  let names = await newNames(api);
  let count = 0;
  const statuses = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(requests, async (sent) => {
      const wrong = await wrongWith(api, sent, names, statuses);
      expect(wrong, inspect(sent, { depth: 5 })).toBeUndefined();
      if (++count % RENEW_EVERY > 0) return;
      await readBack(api);
      names = await newNames(api);
    }),
    { numRuns: RUNS },
  );
  await readBack(api);
  // Otherwise it would say little.
  for (const status of [200, 400, 401, 404, 405])
    expect(statuses.get(status) ?? 0, `answers ${status}`).toBeGreaterThan(RUNS / 200);
});
