import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failureOf } from '../../../shared/jsonl/failureOf.ts';
import { withOneId } from '../../../shared/jsonl/lines.ts';
import { mergeRows } from '../../../shared/jsonl/merge.ts';
import {
  billedRow,
  classifyRow,
  errorRow,
  type ResultRow,
  usageOfRow,
} from '../../../shared/jsonl/rows.ts';
import { diskScratch } from '../../../shared/jsonl/scratch.ts';
import { OrderError, Spool } from '../../../shared/jsonl/spool.ts';
import { brokenRows, positionedRow, readOutputLine } from '../../../shared/jsonl/unreadable.ts';
import { RowWindow } from '../../../shared/jsonl/window.ts';
import { all, chunked, memoryTarget } from '../../support/streams.ts';

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'one-pass-test-'));
});
afterAll(() => rm(root, { recursive: true }));

/** The files of a job: the results and the errors. */
type Files = readonly (readonly string[])[];

async function* groupsOf<T>(items: readonly T[], size: number): AsyncGenerator<readonly T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}

const MISSING = { code: 'request_missing', message: 'no row' };

/** One reading of a job: its rows as they come, or all first. */
async function mergeOnce(
  ids: readonly string[],
  files: Files,
  errors: string,
  isEarly: boolean,
  windowBytes = 1,
) {
  const file = await diskScratch(root).create();
  try {
    const lines = (isEarly ? files.toReversed() : files).flat().map((line) => Buffer.from(line));
    // By default one segment: whatever does not fit into it goes to the file.
    const window = new RowWindow(file, windowBytes);
    const spool = new Spool(groupsOf(lines, 3), window, isEarly);
    if (!isEarly) await spool.readAll();
    const targets = { results: memoryTarget(), errors: memoryTarget() };
    const sources = { ids: groupsOf(ids, 4), errors: chunked(errors, 100) };
    const merged = await mergeRows(sources, spool, targets, {
      selection: 'unfinished',
      keepPrevious: false,
      conclude() {
        spool.checkPositions(ids.length);
        return { ...MISSING, message: `${spool.nameless} of ${spool.answers}` };
      },
    });
    return {
      ...merged,
      results: targets.results.lines(),
      errors: targets.errors.lines(),
      usage: spool.usage,
      isMetered: spool.isMetered,
      unreadable: spool.unreadable,
      refusal: spool.accountRefusal,
      spilled: file.bytes,
    };
  } finally {
    await file.remove();
  }
}

/** Reads as the worker does. */
async function merge(ids: readonly string[], files: Files, errors = '') {
  try {
    return { ...(await mergeOnce(ids, files, errors, true)), times: 1 };
  } catch (error) {
    if (!(error instanceof OrderError)) throw error;
    return { ...(await mergeOnce(ids, files, errors, false)), times: 2 };
  }
}

interface Kept {
  readonly text: string;
  readonly row: Partial<ResultRow>;
}

/** What is to come out, in the plainest way: every row is parsed, and held in memory. */
function expected(ids: readonly string[], files: Files, earlier: string) {
  const kept = new Map<string, Kept>();
  const positioned = new Map<number, Kept>();
  let [nameless, answers, foreign] = [0, 0, 0];
  const usages: ReturnType<typeof usageOfRow>[] = [];
  const add = (text: string, row: Partial<ResultRow> & { position?: number }) => {
    usages.push(usageOfRow(row));
    if (row.id === 'batch_handler_billed') return;
    const status = Number(row.response?.status_code);
    if ((status >= 200 && status < 300) || row.error?.code === 'unreadable_row') answers += 1;
    if (typeof row.custom_id !== 'string') {
      if (row.position === undefined) nameless += 1;
      else positioned.set(row.position, { text, row });
      return;
    }
    const known = kept.get(row.custom_id)?.row;
    const isBetter =
      !known ||
      known.error?.code === 'unreadable_row' ||
      (classifyRow(row) === 'succeeded' && classifyRow(known) !== 'succeeded');
    if (isBetter) kept.set(row.custom_id, { text, row });
  };
  for (const text of files.flat()) {
    const line = readOutputLine(Buffer.from(text));
    if (line.holds === 'empty') foreign += 1;
    else if (line.holds === 'object') add(String(withOneId(line.bytes, line.value)), line.value);
    else
      for (const row of brokenRows(line.text, 'custom_id', (id) => id))
        add(row.toString(), JSON.parse(row.toString()));
  }
  if (kept.size + positioned.size !== ids.length) {
    nameless += positioned.size;
    positioned.clear();
  }
  const before = new Map(
    earlier
      .split('\n')
      .filter(Boolean)
      .map((text) => [JSON.parse(text).custom_id as string, text]),
  );
  const missing = { ...MISSING, message: `${nameless} of ${answers + nameless}` };
  const [results, errors]: [string[], string[]] = [[], []];
  let [position, matched] = [-1, 0];
  for (const id of ids) {
    const had = before.get(id);
    const isSent = had === undefined || classifyRow(JSON.parse(had)) === 'unfinished';
    if (isSent) position += 1;
    const named = isSent ? kept.get(id)?.text : undefined;
    const at = isSent ? positioned.get(position)?.row : undefined;
    if (named ?? at) matched += 1;
    const { position: _, ...unnamed } = { position: 0, ...at };
    const found = named ?? (at && JSON.stringify({ ...unnamed, custom_id: id }));
    const text = found ?? (isSent ? errorRow(id, missing).toString() : (had as string));
    (classifyRow(JSON.parse(text)) === 'succeeded' ? results : errors).push(text);
  }
  return {
    results,
    errors,
    foreign: foreign + kept.size + positioned.size - matched,
    failed: errors.map((text) => failureOf(JSON.parse(text)).code).sort(),
    tokens: usages.reduce((sum, usage) => sum + (usage?.totalTokens ?? 0), 0),
  };
}

const IDS = Array.from({ length: 9 }, (_, index) => `id-${index}`);
const KNOWN = [...IDS, 'foreign', 'ä', '\\"'];

/** Rows whose text makes some larger than a segment. */
const text = fc.constantFrom(
  '',
  'short',
  'x'.repeat(300_000),
  'ä\n"'.repeat(100_000),
  'y'.repeat(2_000_000),
);
const row = fc
  .record({
    id: fc.constantFrom(...KNOWN),
    status: fc.constantFrom(200, 200, 200, 400, 429, 500, '200'),
    text,
    code: fc.constantFrom(undefined, undefined, undefined, 'account_refused', 'batch_expired'),
  })
  .map(({ id, status, text, code }) => {
    const body = { text, usage: { prompt_tokens: text.length, completion_tokens: 1 } };
    const response = { status_code: status, request_id: 'r', body };
    return JSON.stringify({
      ...{ id: `row-${text.length}`, custom_id: id },
      ...{ response: code ? null : response, error: code ? { code, message: text } : null },
    });
  });
const line = fc.oneof(
  { weight: 12, arbitrary: row },
  { weight: 1, arbitrary: row.map((given) => given.slice(0, 45)) },
  { weight: 1, arbitrary: row.map((given) => `${given} `) },
  { weight: 1, arbitrary: row.map((given) => `{"custom_id":"id-1",${given.slice(1)}`) },
  { weight: 1, arbitrary: row.map((given) => billedRow('id-2', JSON.parse(given)).toString()) },
  { weight: 1, arbitrary: fc.constantFrom('null', '[]', '\0', '{}', '{"lost', '"text"') },
  {
    weight: 1,
    arbitrary: fc
      .tuple(row, fc.nat({ max: 9 }))
      .map(([given, position]) => positionedRow(Buffer.from(given), position).toString()),
  },
);
/** Of each position one row, as an adapter gives them. */
const file = fc.array(line, { maxLength: 14 });
const files = fc.tuple(file, fc.oneof(fc.constant([]), file)).filter((given) => {
  const positions = given.flat().flatMap((each) => /"position":(\d+)\}$/.exec(each)?.[1] ?? []);
  return new Set(positions).size === positions.length;
});
const earlier = fc
  .subarray(IDS)
  .map((ids) =>
    ids.map(
      (id, index) =>
        `${errorRow(id, { code: index % 2 ? 'bad' : 'batch_expired', message: '' })}\n`,
    ),
  )
  .map((rows) => rows.join(''));

function check(merged: Awaited<ReturnType<typeof merge>>, wanted: ReturnType<typeof expected>) {
  const { results, errors, foreign, usage, counts, failureGroups } = merged;
  expect({ results, errors, foreign, tokens: usage.totalTokens }).toEqual({
    results: wanted.results,
    errors: wanted.errors,
    foreign: wanted.foreign,
    tokens: wanted.tokens,
  });
  expect(counts.succeeded).toBe(results.length);
  expect(counts.failed + counts.unfinished).toBe(errors.length);
  const failed = failureGroups.flatMap(({ code, count }) => Array(count).fill(code)).sort();
  expect(failed).toEqual(wanted.failed);
}

describe('merging rows as they come', () => {
  it('gives what merging all of them at once gives', async () => {
    const times = { 1: 0, 2: 0 };
    await fc.assert(
      fc.asyncProperty(files, earlier, async (given, before) => {
        const merged = await merge(IDS, given, before);
        times[merged.times as 1 | 2] += 1;
        check(merged, expected(IDS, given, before));
        const { times: _, spilled: __, ...early } = merged;
        const { spilled: ___, ...late } = await mergeOnce(IDS, given, before, false);
        expect(early).toEqual(late);
      }),
      { numRuns: Number(process.env.ONE_PASS_RUNS ?? 60) },
    );
    expect(Math.min(...Object.values(times))).toBeGreaterThan(0);
  });

  const answer = (id: string, bytes = 10, status = 200) =>
    JSON.stringify({
      custom_id: id,
      response: { status_code: status, body: { text: 'x'.repeat(bytes), usage: null } },
    });

  it.each([
    ['in the order of the input', (rows: string[]) => rows, 0],
    ['in the reverse order', (rows: string[]) => rows.toReversed(), 1],
  ])('needs the file only for what does not fit: rows %s', async (_, ordered, least) => {
    const ids = Array.from({ length: 40 }, (_, index) => `id-${index}`);
    const rows = ids.map((id) => answer(id, 100_000));
    const merged = await mergeOnce(ids, [ordered([...rows])], '', true, 3 * 1024 * 1024);
    expect(merged.results).toEqual(rows);
    expect(Math.sign(merged.spilled)).toBe(least);
  });

  it('holds a row that is larger than all of its memory', async () => {
    const rows = [answer('b', 5_000_000), answer('c', 3_000_000), answer('a', 10)];
    const merged = await merge(['a', 'b', 'c'], [rows]);
    expect(merged.results).toEqual([rows[2], rows[0], rows[1]]);
  });

  it('needs no second reading for requests whose rows are in the error file', async () => {
    const ids = ['a', 'b', 'c', 'd'];
    const results = [answer('a'), answer('d')];
    const merged = await merge(ids, [results, [answer('c', 1, 500), answer('b', 1, 400)]]);
    expect(merged.times).toBe(1);
    expect(merged.results).toEqual(results);
  });

  it.each([
    [
      'a success after a failure that was written',
      [[answer('a', 1, 500), answer('b'), answer('a')]],
    ],
    ['an error beside a result', [[answer('a'), answer('b')], [answer('a', 1, 500)]]],
    ['two errors of one request', [[answer('a', 1, 500), answer('b')], [answer('a', 1, 400)]]],
  ])('reads again at %s', async (_, given) => {
    const merged = await merge(['a', 'b'], given);
    expect(merged.times).toBe(2);
    check(merged, expected(['a', 'b'], given, ''));
  });

  it('stops at a source that breaks, and closes it when it is given up', async () => {
    let isClosed = false;
    async function* rows() {
      try {
        yield [Buffer.from(answer('a'))];
        yield [Buffer.from(answer('b'))];
      } finally {
        isClosed = true;
      }
    }
    const scratch = await diskScratch(root).create();
    const spool = new Spool(rows(), new RowWindow(scratch), true);
    await spool.readMore();
    await spool.close();
    await scratch.remove();
    expect(isClosed).toBe(true);
    async function* broken() {
      yield [Buffer.from(answer('a'))];
      throw new Error('it broke');
    }
    await expect(all(broken())).rejects.toThrow('it broke');
    const other = new Spool(broken(), new RowWindow(scratch), true);
    await expect(other.readAll()).rejects.toThrow('it broke');
  });
});
