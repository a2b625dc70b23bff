import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { describe, expect, it } from 'vitest';
import { cutAt, loadTokenizer } from '../../../shared/tokens/text.ts';
import { chinese } from './corpora/chinese.ts';
import { code } from './corpora/code.ts';
import { english } from './corpora/english.ts';
import { hindi } from './corpora/hindi.ts';
import { json } from './corpora/json.ts';
import { seededChance } from './corpora/source.ts';

describe('the tokenizer', () => {
  it.each(Object.entries({ english, code, json, hindi, chinese }))(
    'counts a long text in pieces as it would in one: %s',
    async (_, source) => {
      const count = await loadTokenizer();
      const text = source(seededChance(1), 20_000);
      const whole = countTokens(text);
      expect(Math.abs(count(text) - whole)).toBeLessThanOrEqual(whole * 0.001);
    },
  );

  it('counts what looks like a special token as text', async () => {
    const count = await loadTokenizer();
    expect(count('<|endoftext|>')).toBeGreaterThan(1);
  });

  it('counts a long run of one letter', async () => {
    const count = await loadTokenizer();
    expect(count('a'.repeat(100_000))).toBeGreaterThan(1000);
  });
});

describe('cutAt', () => {
  it.each([
    ['the start', 'ab cd', -1, 0],
    ['the end', 'ab cd', 9, 5],
    ['before a space', 'ab cd ef', 1, 2],
    ['after a word', 'ab,cd', 1, 2],
    ['no place near', 'x'.repeat(500), 100, 100],
    ['not within a character', `${'x'.repeat(3)}😀${'x'.repeat(300)}`, 4, 5],
    ['not before an apostrophe', "it's ok", 1, 4],
  ])('%s', (_, text, index, expected) => {
    expect(cutAt(text, index)).toBe(expected);
  });
});
