import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RowsPage, rowsPage } from '../../../../shared/console/rows/rowsPage.ts';
import type { View } from '../../../../shared/console/rows/rowWalk.ts';
import type { ShownRow } from '../../../../shared/console/rows/shownRow.ts';
import { INPUT } from '../../../support/given.ts';
import { batchInMemory, error, file, request, result } from './batchInMemory.ts';

type Ports = Parameters<typeof rowsPage>[0];

/** All rows, page by page. */
async function readAll(ports: Ports, view: View, limit: number): Promise<readonly ShownRow[]> {
  const rows: ShownRow[] = [];
  let page: RowsPage | undefined;
  do {
    page = await rowsPage(ports, 'b1', { view, limit, cursor: page?.next });
    expect(page.rows.length).toBeLessThanOrEqual(limit);
    expect(page.rows.length).toBeGreaterThan(0);
    expect(page.isRestarted).toBe(false);
    rows.push(...page.rows);
  } while (page.next !== undefined);
  return rows;
}

const idOf = (line: ShownRow['request']) => line && JSON.parse(line.text).custom_id;

/** Lengths of a request and its row: most are short, and some are longer than what is asked for at once. */
const length = fc.oneof(
  { weight: 20, arbitrary: fc.integer({ min: 0, max: 200 }) },
  { weight: 1, arbitrary: fc.integer({ min: 200_000, max: 700_000 }) },
);
const someRequests = fc.uniqueArray(
  fc.record({
    id: fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme' }),
    ...{ asked: length, answered: length, hasFailed: fc.boolean() },
    lineEnd: fc.constantFrom('\n', '\r\n', '\n \n'),
  }),
  { selector: ({ id }) => id, minLength: 1, maxLength: 30 },
);
const paging = {
  limit: fc.integer({ min: 1, max: 12 }),
  chunkBytes: fc.integer({ min: 7, max: 300_000 }),
};

function filesWith(requests: typeof someRequests extends fc.Arbitrary<infer T> ? T : never) {
  const rowOf = ({ id, answered, hasFailed }: (typeof requests)[number]) =>
    hasFailed ? error(id, 'bad', 'e'.repeat(answered)) : result(id, 'a'.repeat(answered));
  const [errors, results] = [true, false].map((failed) =>
    file(requests.filter(({ hasFailed }) => hasFailed === failed).map(rowOf)),
  );
  const input = requests.map(({ id, asked, lineEnd }) => request(id, 'p'.repeat(asked)) + lineEnd);
  return { input: input.join(''), results, errors } as {
    input: string;
    results: string;
    errors: string;
  };
}

describe('paging', () => {
  it('gives every request once with its row, in order, whatever the lengths and the size of a page', async () => {
    await fc.assert(
      fc.asyncProperty(someRequests, fc.record(paging), async (requests, { limit, chunkBytes }) => {
        const { ports } = batchInMemory(filesWith(requests), { chunkBytes });
        const all = await readAll(ports, 'all', limit);
        expect(all.map(({ customId }) => customId)).toEqual(requests.map(({ id }) => id));
        expect(all.map((row) => idOf(row.request))).toEqual(requests.map(({ id }) => id));
        expect(all.map((row) => idOf(row.row))).toEqual(requests.map(({ id }) => id));
        expect(all.map(({ outcome }) => outcome === 'failed')).toEqual(
          requests.map(({ hasFailed }) => hasFailed),
        );
        for (const view of ['succeeded', 'failed'] as const) {
          const expected = requests.filter(({ hasFailed }) => hasFailed === (view === 'failed'));
          if (expected.length === 0) continue;
          const some = await readAll(ports, view, limit);
          expect(some.map((row) => idOf(row.request))).toEqual(expected.map(({ id }) => id));
          expect(some.map((row) => idOf(row.row))).toEqual(expected.map(({ id }) => id));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('loses nothing but the lines that are broken, and says which', async () => {
    const broken = fc.array(fc.tuple(fc.constantFrom('input', 'results', 'errors'), fc.nat(40)));
    const bytes = fc.constantFrom('not json', '{"custom_id":', '[]', '\u0000');
    await fc.assert(
      fc.asyncProperty(
        someRequests,
        broken,
        bytes,
        fc.record(paging),
        async (requests, places, junk, rest) => {
          const files = filesWith(requests.map((each) => ({ ...each, lineEnd: '\n' })));
          const lines = {
            input: files.input.split('\n').slice(0, -1),
            results: files.results.split('\n').slice(0, -1),
            errors: files.errors.split('\n').slice(0, -1),
          };
          const intact = new Set(requests.map(({ id }) => id));
          const lost = { input: 0, results: 0, errors: 0 };
          for (const [name, index] of places as [keyof typeof lines, number][]) {
            const line = lines[name][index];
            if (line === undefined || line === junk) continue;
            intact.delete(JSON.parse(line).custom_id);
            lines[name][index] = junk;
            lost[name] += 1;
          }
          const { ports } = batchInMemory(
            { input: file(lines.input), results: file(lines.results), errors: file(lines.errors) },
            { chunkBytes: rest.chunkBytes },
          );
          const rows = await readAll(ports, 'all', rest.limit);
          const seen = rows.flatMap(({ request: asked, row }) =>
            asked && row ? [[asked, row]] : [],
          );
          for (const [asked, row] of seen)
            if (asked && row && !asked.problem && !row.problem) expect(idOf(row)).toBe(idOf(asked));
          for (const id of intact)
            expect(
              rows.filter(({ customId, request: r, row }) => customId === id && r && row),
            ).toHaveLength(1);
          expect(rows.filter(({ request: asked }) => asked?.problem === 'not_json')).toHaveLength(
            lost.input,
          );
          expect(rows.filter(({ row }) => row?.problem === 'not_json')).toHaveLength(
            lost.results + lost.errors,
          );
          expect(rows.filter(({ request: asked }) => asked)).toHaveLength(requests.length);
          expect(rows.filter(({ row }) => row)).toHaveLength(requests.length);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('a page', () => {
  const ids = Array.from({ length: 100 }, (_, index) => `r${index}`);
  const page = { view: 'all', limit: 10 } as const;

  it('has requests without rows as long as there are none', async () => {
    const { ports } = batchInMemory(
      { input: file(ids.map((id) => request(id))) },
      { status: 'running' },
    );
    const { rows, files, hasEnded } = await rowsPage(ports, 'b1', page);
    expect(rows.slice(0, 2)).toMatchObject([
      { customId: 'r0', outcome: 'none', asked: 'p' },
      { customId: 'r1', outcome: 'none', asked: 'p' },
    ]);
    expect(files).toEqual({ input: 'there', results: 'none', errors: 'none', refused: 'none' });
    expect(hasEnded).toBe(false);
  });

  it('begins a request with what it asks, not with the instructions that all have', async () => {
    const asks = (id: string, ...roles: readonly string[]) => {
      const messages = roles.map((role) => ({ role, content: `${role} of ${id}` }));
      return JSON.stringify({ custom_id: id, body: { messages } });
    };
    const input = file([asks('r0', 'system', 'user'), asks('r1', 'system', 'developer')]);
    const { ports } = batchInMemory({ input }, { status: 'running' });
    expect((await rowsPage(ports, 'b1', page)).rows).toMatchObject([
      { asked: 'user of r0' },
      { asked: 'system: system of r1\n\ndeveloper: developer of r1' },
    ]);
  });

  it('has rows without requests once those have expired', async () => {
    const { ports } = batchInMemory({ results: file([result('r0')]), errors: file([error('r1')]) });
    const { rows, files } = await rowsPage(ports, 'b1', page);
    expect(rows).toMatchObject([
      { customId: 'r0', outcome: 'succeeded', answered: 'a', usage: { inputTokens: 3 } },
      { customId: 'r1', outcome: 'failed', code: 'bad', message: 'it was bad' },
    ]);
    expect(rows[0]).not.toHaveProperty('request');
    expect(files.input).toBe('expired');
  });

  it('is of the part alone, whose requests are in the file of its batch', async () => {
    const lines = ids.slice(0, 4).map((id) => `${request(id)}\n`);
    const start = Buffer.byteLength(lines[0] as string);
    const range = { start, end: start + Buffer.byteLength(lines.slice(1, 3).join('')) };
    const { ports } = batchInMemory(
      { input: lines.join('') },
      { changes: { part: { parentId: 'b0', range } } },
    );
    const { rows } = await rowsPage(ports, 'b1', page);
    expect(rows.map(({ customId }) => customId)).toEqual(['r1', 'r2']);
  });

  it('has the refused lines of an input that was refused', async () => {
    const refused = { input: undefined, rows: undefined, inputErrorsKey: INPUT.key };
    const { ports } = batchInMemory(
      {
        input: `${JSON.stringify({ id: null, custom_id: null, response: null, error: { code: 'no_url', message: 'line 3 has no url', line: 3 } })}\n`,
      },
      { status: 'failed', changes: refused },
    );
    const { rows, files } = await rowsPage(ports, 'b1', { ...page, view: 'refused' });
    expect(rows).toMatchObject([{ code: 'no_url', message: 'line 3 has no url' }]);
    expect(files).toMatchObject({ refused: 'there', results: 'none' });
  });

  it('shows the beginning of a long line, with its size', async () => {
    const answer = 'x'.repeat(2_000_000);
    const { ports } = batchInMemory({
      input: file([request('r0')]),
      results: file([result('r0', answer)]),
      errors: '',
    });
    const { rows } = await rowsPage(ports, 'b1', page);
    const [{ row, answered } = { row: undefined, answered: undefined }] = rows;
    expect(row).toMatchObject({ isCut: true, bytes: result('r0', answer).length });
    expect(row?.text.length).toBeLessThan(20_000);
    expect(answered).toMatch(/^x{300}…$/);
  });

  it('goes past a line that is too long to be held', async () => {
    const { ports } = batchInMemory({
      input: file([request('r0'), request('r1')]),
      results: file([result('r0', 'x'.repeat(40_000_000)), result('r1')]),
      errors: '',
    });
    const { rows } = await rowsPage(ports, 'b1', page);
    expect(rows).toMatchObject([
      { customId: 'r0', outcome: 'succeeded', row: { isCut: true } },
      { customId: 'r1', answered: 'a' },
    ]);
  });

  it('says which line is no UTF-8, and shows the rest of it', async () => {
    const broken = Buffer.from(result('r0', 'caf\u00e9'), 'latin1');
    const { ports } = batchInMemory({
      input: file([request('r0')]),
      results: Buffer.concat([broken, Buffer.from('\n')]),
      errors: '',
    });
    const { rows } = await rowsPage(ports, 'b1', page);
    expect(rows).toMatchObject([{ answered: 'caf\ufffd', row: { problem: 'not_utf8' } }]);
  });

  it('reads little of a large file', async () => {
    const { ports, read } = batchInMemory({
      input: file(ids.map((id) => request(id, 'p'.repeat(100_000)))),
      results: file(ids.map((id) => result(id, 'a'.repeat(100_000)))),
      errors: '',
    });
    const { rows, next } = await rowsPage(ports, 'b1', { ...page, limit: 5 });
    expect(rows).toHaveLength(5);
    expect(next).toBeDefined();
    expect(read.bytes).toBeLessThan(4_000_000);
  });

  it('is no larger than what can be sent, whatever is asked for', async () => {
    const { ports } = batchInMemory({
      input: file(ids.map((id) => request(id, 'p'.repeat(100_000)))),
      results: file(ids.map((id) => result(id, 'a'.repeat(100_000)))),
      errors: '',
    });
    const { rows } = await rowsPage(ports, 'b1', { ...page, limit: 100 });
    expect(rows.length).toBeGreaterThan(5);
    expect(JSON.stringify(rows).length).toBeLessThan(3_000_000);
  });

  it('of failed rows comes without requests that are too far ahead, which the next page goes on to look for', async () => {
    const many = Array.from({ length: 3_000 }, (_, index) => `r${index}`);
    const { connection } = batchInMemory({
      input: file(many.map((id) => request(id))),
      results: '',
      errors: file([error('r0'), error('r2000'), error('r2999')]),
    });
    let calls = 0;
    // Late from the third look on.
    const ports = { connection, now: () => (calls++ < 3 ? 0 : 60_000) };
    const { rows } = await rowsPage(ports, 'b1', { view: 'failed', limit: 10 });
    expect(rows[0]).toMatchObject({ customId: 'r0', asked: 'p' });
    const last = rows.at(-1);
    expect(last).toMatchObject({ customId: 'r2000', isRequestAhead: true });
    expect(last).not.toHaveProperty('request');
  });

  it('begins again once other files have taken the place of those that the cursor is of', async () => {
    const files = {
      input: file(ids.map((id) => request(id))),
      results: '',
      errors: file(ids.map((id) => error(id))),
    };
    const { next } = await rowsPage(batchInMemory(files).ports, 'b1', page);
    const changes = { rows: { results: 'batches/b1/other/r', errors: 'batches/b1/other/e' } };
    const { ports } = batchInMemory(files, { changes });
    const again = await rowsPage(ports, 'b1', { ...page, cursor: next });
    expect(again).toMatchObject({
      isRestarted: true,
      rows: [{ customId: 'r0' }, ...Array(9).fill({})],
    });
  });
});
