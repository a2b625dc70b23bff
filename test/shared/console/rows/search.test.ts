import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attemptOf } from '../../../../shared/console/rows/attemptRow.ts';
import { rowsPage } from '../../../../shared/console/rows/rowsPage.ts';
import { batchInMemory, error, file, request, result } from './batchInMemory.ts';

const page = { view: 'all', limit: 3 } as const;
const ids = Array.from({ length: 3_000 }, (_, index) => `r${index}`);
const files = {
  input: file(ids.map((id) => request(id))),
  results: file(ids.filter((_, index) => index % 3 > 0).map((id) => result(id))),
  errors: file(ids.filter((_, index) => index % 3 === 0).map((id) => error(id))),
};

describe('the search for a row', () => {
  it.each(['r0', 'r1', 'r1500', 'r2998'])(
    'begins the page with %s, and pages from there',
    async (row) => {
      const { ports } = batchInMemory(files);
      const first = await rowsPage(ports, 'b1', { ...page, row });
      const at = ids.indexOf(row);
      expect(first.searched).toMatchObject({ isFound: true });
      expect(first.rows.map(({ customId }) => customId)).toEqual(ids.slice(at, at + 3));
      const again = await rowsPage(ports, 'b1', { ...page, cursor: first.start });
      expect(again.rows).toEqual(first.rows);
      if (first.next === undefined) return;
      const second = await rowsPage(ports, 'b1', { ...page, cursor: first.next });
      expect(second.rows.map(({ customId }) => customId)).toEqual(ids.slice(at + 3, at + 6));
      expect(second.rows.every(({ request: asked, row: answered }) => asked && answered)).toBe(
        true,
      );
    },
  );

  it('finds any id in whatever way it is written', async () => {
    const id = fc.string({ minLength: 1, maxLength: 12, unit: 'binary' });
    const style = fc.constantFrom('plain', 'escaped', 'spaced', 'last');
    const write = (customId: string, how: string, line: string) => {
      const { custom_id: _, ...rest } = JSON.parse(line);
      const escaped = [...Array(customId.length).keys()].map(
        (index) => `\\u${customId.charCodeAt(index).toString(16).padStart(4, '0')}`,
      );
      const text = how === 'escaped' ? `"${escaped.join('')}"` : JSON.stringify(customId);
      const body = JSON.stringify(rest).slice(1, -1);
      if (how === 'last') return `{${body},"custom_id":${text}}`;
      return how === 'spaced'
        ? `{ "custom_id" :\t${text} , ${body} }`
        : `{"custom_id":${text},${body}}`;
    };
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(id, style), {
          selector: ([each]) => each,
          minLength: 1,
          maxLength: 10,
        }),
        fc.nat(),
        async (all, pick) => {
          const [row = ''] = all[pick % all.length] ?? [];
          const { ports } = batchInMemory({
            input: file(all.map(([each, how]) => write(each, how, request(each)))),
            results: file(all.map(([each]) => result(each))),
            errors: '',
          });
          const found = await rowsPage(ports, 'b1', { ...page, limit: 1, row });
          expect(found.rows).toMatchObject([{ customId: row, answered: 'a' }]);
        },
      ),
    );
  });

  it('takes an id that is only part of another, or in a prompt, for none', async () => {
    const { ports } = batchInMemory({
      input: file([request('r10', '"custom_id":"r1"'), request('xr1')]),
      results: file([result('r10', '{"custom_id":"r1"}'), result('xr1')]),
      errors: '',
    });
    const { rows, searched, next } = await rowsPage(ports, 'b1', { ...page, row: 'r1' });
    expect(rows).toEqual([]);
    expect(next).toBeUndefined();
    expect(searched).toMatchObject({ isFound: false, isOver: true });
    expect(searched?.bytes).toBe(searched?.totalBytes);
  });

  it('stops when its time is over, says how far it came, and goes on from there', async () => {
    const { connection } = batchInMemory(files);
    let time = 0;
    const ports = { connection, now: () => (time += 5_000) };
    let found = await rowsPage(ports, 'b1', { ...page, row: 'r2998' });
    expect(found.rows).toEqual([]);
    expect(found.searched).toMatchObject({ isFound: false, isOver: false });
    expect(found.searched?.bytes).toBeGreaterThan(0);
    expect(found.searched?.bytes).toBeLessThan(found.searched?.totalBytes ?? 0);
    let searches = 1;
    for (; found.rows.length === 0; searches++)
      found = await rowsPage(ports, 'b1', { ...page, row: 'r2998', cursor: found.next });
    expect(searches).toBeGreaterThan(2);
    expect(found.rows[0]).toMatchObject({ customId: 'r2998', outcome: 'succeeded' });
  });
});

describe('a row after one of the jobs', () => {
  const past = (rowsToken?: string) => ({
    ...{ id: 'job', provider: 'openai', attempt: 1, submittedAt: 1, endedAt: 2 },
    ...{ end: 'expired' as const, requests: 1, succeeded: 0, ...(rowsToken && { rowsToken }) },
  });
  const pastJobs = [past('first'), past('second'), past(), past('expired'), past('half')];
  const { ports, bucket } = batchInMemory(files, { changes: { pastJobs } });
  const put = (token: string, name: string, lines: readonly string[]) =>
    bucket.objects.set(`batches/b1/${token}/${name}.jsonl`, Buffer.from(file(lines)));
  put(
    'first',
    'results',
    ids.slice(0, 5).map((id) => result(id)),
  );
  put(
    'first',
    'errors',
    ids.slice(5).map((id) => error(id, 'batch_expired')),
  );
  put(
    'second',
    'results',
    ids.map((id) => result(id, 'second answer')),
  );
  put('second', 'errors', []);
  put('half', 'results', []);

  it.each([
    [0, 'r2000', { state: 'found', row: { outcome: 'unfinished', code: 'batch_expired' } }],
    [0, 'r4', { state: 'found', row: { outcome: 'succeeded', answered: 'a' } }],
    [1, 'r2000', { state: 'found', row: { outcome: 'succeeded', answered: 'second answer' } }],
    [1, 'nobody', { state: 'none' }],
    [2, 'r1', { state: 'unknown' }],
    [3, 'r1', { state: 'gone' }],
    [4, 'r1', { state: 'gone' }],
  ])('of job %i, %s', async (job, row, expected) => {
    const { job: shown, after } = await attemptOf(ports, 'b1', { row, job });
    expect(after).toMatchObject(expected);
    expect(shown).toMatchObject({ provider: 'openai', end: 'expired' });
    expect(shown).not.toHaveProperty('rowsToken');
  });

  it('is refused for a job that there is not', async () => {
    await expect(attemptOf(ports, 'b1', { row: 'r1', job: 9 })).rejects.toThrow(/no job number 10/);
  });

  it('is searched for in as many requests as it takes', async () => {
    let time = 0;
    const slow = { ...ports, now: () => (time += 5_000) };
    let { after: found } = await attemptOf(slow, 'b1', { row: 'r2998', job: 1 });
    let searches = 1;
    for (; found.state === 'searching'; searches++)
      found = (await attemptOf(slow, 'b1', { row: 'r2998', job: 1, cursor: found.next })).after;
    expect(searches).toBeGreaterThan(2);
    expect(found).toMatchObject({ state: 'found', row: { answered: 'second answer' } });
  });
});
