import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { diskScratch } from '../../../shared/jsonl/scratch.ts';
import { memoryScratch } from '../../../simulators/memory/scratch.ts';
import { spoolRows } from '../../support/spools.ts';

/** Yields groups of two. */
async function* rowsOf(lines: readonly string[]): AsyncGenerator<readonly Uint8Array[]> {
  for (let start = 0; start < lines.length; start += 2)
    yield lines.slice(start, start + 2).map((line) => Buffer.from(line));
}
const row = (customId: string, id: number, status: number, text = '') =>
  JSON.stringify({
    id: `row-${id}`,
    custom_id: customId,
    response: { status_code: status, request_id: 'r', body: { text } },
    error: null,
  });

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'spool-test-'));
});
afterEach(() => rm(root, { recursive: true }));

describe('spooling', () => {
  it.each([
    ['the first of two successes', [200, 200], 'row-0'],
    ['a success before a failure', [200, 500], 'row-0'],
    ['a success after a failure', [429, 200], 'row-1'],
    ['the first of two failures', [400, 500], 'row-0'],
  ])('keeps %s', async (_, statuses, expected) => {
    const rows = statuses.map((status, index) => row('a', index, status));
    const spool = await spoolRows(rowsOf(rows), await memoryScratch.create());
    const spooled = spool.rows.get('a');
    const [kept = Buffer.of()] = spooled ? await spool.read([spooled]) : [];
    expect(JSON.parse(Buffer.from(kept).toString()).id).toBe(expected);
  });

  it('returns every row unchanged, in any order', async () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 40_000 }), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(
        sizes,
        fc.array(fc.nat({ max: 19 }), { maxLength: 40 }),
        async (all, reads) => {
          // Prepare
          const file = await diskScratch(root).create();
          const rows = all.map((size, index) => row(`id-${index}`, index, 200, 'ä'.repeat(size)));
          const spool = await spoolRows(rowsOf(rows), file);
          // Act
          const order = [...all.keys(), ...reads.map((index) => index % all.length)];
          const wanted = order.flatMap((index) => spool.rows.get(`id-${index}`) ?? []);
          const found = (await spool.read(wanted)).map((bytes) => Buffer.from(bytes).toString());
          await file.remove();
          // Assess
          expect(found).toEqual(order.map((index) => rows[index]));
        },
      ),
      { numRuns: 30 },
    );
  });
});
