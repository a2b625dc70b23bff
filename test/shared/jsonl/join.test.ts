import { describe, expect, it } from 'vitest';
import { joinRows, type RowSources } from '../../../shared/jsonl/join.ts';
import { all, chunked } from '../../support/streams.ts';

const linesOf = (...ids: readonly string[]) =>
  ids.map((id) => `${JSON.stringify({ custom_id: id })}\n`).join('');

describe('joining', () => {
  it('gives each request its rows', async () => {
    const joined = await all(
      joinRows({
        input: chunked(linesOf('a', 'b', 'c', 'd'), 5),
        results: chunked(linesOf('b', 'd'), 7),
        errors: chunked(linesOf('a'), 3),
      }),
    );
    expect(joined.map((row) => [row.customId, !!row.result, !!row.error])).toEqual([
      ['a', false, true],
      ['b', true, false],
      ['c', false, false],
      ['d', true, false],
    ]);
    expect(joined[1]?.request.toString()).toBe('{"custom_id":"b"}');
  });

  it.each([
    ['rows that are not in the order of the input', linesOf('b', 'a'), 'results has a row for a'],
    ['a row of no request', linesOf('x'), 'results has a row for x'],
    ['a row without an id', '{"custom_id":7}\n', 'has no custom_id'],
  ])('throws for %s', async (_, results, expected) => {
    const joined = all(joinRows({ input: chunked(linesOf('a', 'b')), results: chunked(results) }));
    await expect(joined).rejects.toThrow(expected);
  });

  it('does not quote a row that was cut off', async () => {
    const results = chunked('{"custom_id":"a","response":"secret answer\n');
    const failure = await all(joinRows({ input: chunked(linesOf('a')), results })).catch(String);
    expect(failure).toContain('not JSON');
    expect(failure).not.toContain('secret');
  });

  it('closes its sources when the reader stops early', async () => {
    // Prepare
    let open = 0;
    async function* opened(text: string): AsyncGenerator<Uint8Array> {
      open += 1;
      try {
        yield* chunked(text, 8);
      } finally {
        open -= 1;
      }
    }
    const text = linesOf('a', 'b', 'c');
    const sources = (): RowSources => ({
      input: opened(text),
      results: opened(text),
      errors: opened(linesOf('z')),
    });
    // Act
    for await (const _ of joinRows(sources())) {
      expect(open).toBe(3);
      break;
    }
    const failing = (async () => {
      for await (const _ of joinRows(sources())) throw new Error('the reader failed');
    })();
    // Assess
    await expect(failing).rejects.toThrow('the reader failed');
    expect(open).toBe(0);
  });
});
