import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IdIndex } from '../../../shared/jsonl/fileRules.ts';

describe('the lines of ids', () => {
  it('are the same as those of a Map', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 4 }), { maxLength: 200 }), (ids) => {
        const index = new IdIndex();
        const known = new Map<string, number>();
        for (const [position, id] of ids.entries()) {
          expect(index.add(id, position + 1)).toBe(known.get(id));
          if (!known.has(id)) known.set(id, position + 1);
        }
      }),
    );
  });

  it('are found for 300,000 similar ids', () => {
    const index = new IdIndex();
    for (let line = 1; line <= 300_000; line++)
      if (index.add(`request-${line}`, line) !== undefined) throw new Error(`line ${line}`);
    for (let line = 1; line <= 300_000; line += 997)
      expect(index.add(`request-${line}`, 7)).toBe(line);
  });
});
