import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { selectRequests } from '../../../shared/jsonl/join.ts';
import { mergeRows } from '../../../shared/jsonl/merge.ts';
import { memoryScratch } from '../../../simulators/memory/scratch.ts';
import { spoolRows } from '../../support/spools.ts';
import { chunked, memoryTarget } from '../../support/streams.ts';

const MISSING = { code: 'request_missing', message: 'no row' };
const RULES = {
  selection: 'unfinished',
  conclude: () => MISSING,
  keepPrevious: false,
} as const;

const input = (ids: readonly string[]) =>
  ids.map((id) => `${JSON.stringify({ custom_id: id })}\n`).join('');
const row = (id: string, status: number) =>
  JSON.stringify({
    id: 'r',
    custom_id: id,
    response: {
      status_code: status,
      request_id: 'q',
      body: { usage: { input_tokens: 2, output_tokens: 1 } },
    },
    error: null,
  });

/** Yields groups of two. */
async function* rowsOf(lines: readonly string[]): AsyncGenerator<readonly Uint8Array[]> {
  for (let start = 0; start < lines.length; start += 2)
    yield lines.slice(start, start + 2).map((line) => Buffer.from(line));
}

async function* groupsOf(ids: readonly string[]): AsyncGenerator<readonly string[]> {
  for (let start = 0; start < ids.length; start += 3) yield ids.slice(start, start + 3);
}

/** One attempt: merges the job's answers into the earlier rows. */
async function attempt(
  ids: readonly string[],
  before: { results: string[]; errors: string[] } | undefined,
  answers: readonly string[],
  rules: Parameters<typeof mergeRows>[3] = RULES,
) {
  const text = (lines: string[] | undefined) =>
    lines && chunked(lines.map((line) => `${line}\n`).join(''), 7);
  const sources = {
    ids: groupsOf(ids),
    results: text(before?.results),
    errors: text(before?.errors),
  };
  const spool = await spoolRows(rowsOf(answers), await memoryScratch.create());
  const results = memoryTarget();
  const errors = memoryTarget();
  const merged = await mergeRows(sources, spool, { results, errors }, rules);
  return { ...merged, results: results.lines(), errors: errors.lines(), usage: spool.usage };
}

const idsOf = (lines: readonly string[]) =>
  lines.map((line) => JSON.parse(line).custom_id as string);

async function selected(
  ids: readonly string[],
  rows: { results: string[]; errors: string[] } | undefined,
  selection: 'unfinished' | 'unsucceeded',
) {
  const text = (lines: string[] | undefined) =>
    lines && chunked(lines.map((line) => `${line}\n`).join(''));
  const file = await memoryScratch.create();
  const sources = {
    input: chunked(input(ids)),
    results: text(rows?.results),
    errors: text(rows?.errors),
  };
  const { requests } = await selectRequests(sources, selection, file);
  const written = Buffer.from(await file.read(0, file.bytes))
    .toString()
    .split('\n')
    .filter(Boolean);
  expect(written).toHaveLength(requests);
  return idsOf(written);
}

describe('merging', () => {
  it('sorts the rows of a job into the order of the input, each request once', async () => {
    const merged = await attempt(['a', 'b', 'c', 'd'], undefined, [
      row('d', 200),
      row('b', 400),
      row('a', 200),
    ]);
    expect(idsOf(merged.results)).toEqual(['a', 'd']);
    expect(idsOf(merged.errors)).toEqual(['b', 'c']);
    expect(merged.counts).toEqual({ total: 4, succeeded: 2, failed: 1, unfinished: 1 });
    expect(merged.usage).toEqual({ inputTokens: 6, outputTokens: 3, totalTokens: 9 });
  });

  it('prefers a success when the job answers twice', async () => {
    const merged = await attempt(['a'], undefined, [row('a', 500), row('a', 200), row('a', 400)]);
    expect(merged.counts).toMatchObject({ succeeded: 1 });
  });

  it('ignores a row of a request that the job did not include', async () => {
    const before = { results: [row('a', 200)], errors: [row('b', 400)] };
    const merged = await attempt(['a', 'b'], before, [row('a', 500), row('b', 200), row('x', 200)]);
    expect(merged).toMatchObject({ ...before, counts: { succeeded: 1, failed: 1 }, foreign: 3 });
  });

  it('finds rows by their references, and gives them their ids', async () => {
    const rules = { ...RULES, referenceOf: (id: string) => `ref-${id}` };
    const merged = await attempt(
      ['a', 'b'],
      undefined,
      [row('ref-b', 400), row('ref-a', 200)],
      rules,
    );
    expect(merged).toMatchObject({ foreign: 0, counts: { succeeded: 1, failed: 1 } });
    expect(merged.results).toEqual([row('a', 200)]);
    expect(merged.errors).toEqual([row('b', 400)]);
  });

  const at = (position: number, status: number) =>
    JSON.stringify({ ...JSON.parse(row('x', status)), custom_id: null, position });

  it('finds rows by the positions of their requests in the job', async () => {
    const before = {
      results: [row('a', 200)],
      errors: [row('b', 429), row('c', 400), row('d', 429)],
    };
    const merged = await attempt(['a', 'b', 'c', 'd'], before, [at(1, 200), at(0, 400)]);
    expect(merged.results).toEqual([row('a', 200), row('d', 200)]);
    expect(merged.errors).toEqual([row('b', 400), row('c', 400)]);
    expect(merged).toMatchObject({ foreign: 0, counts: { succeeded: 2, failed: 2 } });
  });

  it('trusts positions only if each request of the job has one row', async () => {
    for (const [requests, positions, nameless] of [
      [2, 1, 0],
      [1, 0, 1],
      [3, 0, 1],
    ] as const) {
      const rows = rowsOf([at(0, 200), row('b', 200)]);
      const spool = await spoolRows(rows, await memoryScratch.create());
      spool.checkPositions(requests);
      expect([spool.positioned.size, spool.nameless]).toEqual([positions, nameless]);
    }
  });

  it('keeps the last row of a request if there was no job', async () => {
    const before = { results: [], errors: [row('a', 429)] };
    const rules = {
      ...RULES,
      conclude: () => ({ code: 'batch_cancelled', message: 'm' }),
      keepPrevious: true,
    };
    const merged = await attempt(['a', 'b'], before, [], rules);
    expect(merged.errors.map((line) => JSON.parse(line).error?.code ?? null)).toEqual([
      null,
      'batch_cancelled',
    ]);
  });

  it('counts requests without a row as failed when the job was refused for good', async () => {
    const rules = { ...RULES, conclude: () => ({ code: 'invalid_request', message: 'm' }) };
    expect((await attempt(['a'], undefined, [], rules)).counts).toMatchObject({
      failed: 1,
      unfinished: 0,
    });
  });

  it('writes every request exactly once over any attempts, and never sends a succeeded one again', async () => {
    const statuses = fc.constantFrom(200, 400, 429, 500, 0, -1);
    const attempts = fc.array(fc.array(statuses, { minLength: 12, maxLength: 12 }), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 12 }), attempts, async (count, answers) => {
        const ids = Array.from({ length: count }, (_, index) => `id-${index}`);
        let rows: Awaited<ReturnType<typeof attempt>> | undefined;
        for (const statusOf of answers) {
          const asked = await selected(ids, rows, 'unfinished');
          const done = rows ? idsOf(rows.results) : [];
          expect(asked.filter((id) => done.includes(id))).toEqual([]);
          const answered = asked
            .toReversed()
            .map((id) => ({ id, status: statusOf[ids.indexOf(id)] ?? 200 }));
          rows = await attempt(
            ids,
            rows,
            answered.filter(({ status }) => status >= 0).map(({ id, status }) => row(id, status)),
          );
          const { counts } = rows;
          expect(counts.succeeded + counts.failed + counts.unfinished).toBe(count);
          expect(counts.succeeded).toBe(rows.results.length);
          expect([...idsOf(rows.results), ...idsOf(rows.errors)].sort()).toEqual([...ids].sort());
          expect(idsOf(rows.results)).toEqual(
            ids.filter((id) => idsOf(rows?.results ?? []).includes(id)),
          );
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('selecting', () => {
  const rows = { results: [row('a', 200)], errors: [row('b', 400), row('c', 429)] };
  it.each([
    ['all of a new batch', undefined, 'unfinished', ['a', 'b', 'c']],
    ['what is unfinished', rows, 'unfinished', ['c']],
    ['all that did not succeed', rows, 'unsucceeded', ['b', 'c']],
  ] as const)('takes %s', async (_, before, selection, expected) => {
    expect(
      await selected(
        ['a', 'b', 'c'],
        before && { results: [...before.results], errors: [...before.errors] },
        selection,
      ),
    ).toEqual(expected);
  });
});

it('the errors are counted by code and status, each once, with the id of the input', async () => {
  const refused = (id: string, status: number, code: string) =>
    JSON.stringify({
      ...{ id: 'r', custom_id: id, error: null },
      response: { status_code: status, request_id: 'q', body: { error: { code } } },
    });
  const before = { results: [], errors: [refused('a', 503, 'busy'), refused('b', 400, 'old')] };
  const { failureGroups, errors } = await attempt(['a', 'b', 'c', 'd', 'e'], before, [
    refused('c', 400, 'new'),
    refused('d', 400, 'new'),
    row('a', 200),
  ]);
  expect(failureGroups).toEqual([
    { count: 2, code: 'new', status: 400, example: 'c' },
    { count: 1, code: 'old', status: 400, example: 'b' },
    { count: 1, code: 'request_missing', example: 'e', isUnfinished: true },
  ]);
  expect(errors).toHaveLength(4);
});
