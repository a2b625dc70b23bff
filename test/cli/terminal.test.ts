import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { askOnTerminal } from '../../cli/terminal/confirm.ts';
import { clip, oneLine, painter } from '../../cli/terminal/output.ts';
import { bar, progressLine, showTransfer } from '../../cli/terminal/progress.ts';
import { screen } from '../support/screen.ts';

describe('a bar', () => {
  it.each([
    [0, 100, '░░░░   0%'],
    [50, 100, '██░░  50%'],
    [3, 32, '▍░░░   9%'],
    [999, 1000, '███▉  99%'],
    [100, 100, '████ 100%'],
    [150, 100, '████ 100%'],
    [0, 0, '░░░░   0%'],
  ])('of %i of %i', (done, total, text) => expect(bar(done, total, 4)).toBe(text));
});

describe('text on a terminal', () => {
  const tty = { isTTY: true, write() {} };
  it('has colours only there, and none if they are turned off', () => {
    expect(painter(tty, {})('red', 'x')).toBe('\u001b[31mx\u001b[39m');
    for (const env of [{ NO_COLOR: '1' }, { TERM: 'dumb' }])
      expect(painter(tty, env)('red', 'x')).toBe('x');
    expect(painter({ write() {} }, {})('red', 'x')).toBe('x');
  });

  it('from outside becomes one line without control characters', () =>
    expect(oneLine('\u001b[2Jgone\u0007\r\n  \u009b31mred\u0000')).toBe('gone   red'));

  it('from outside cannot change the direction of what follows', () =>
    expect(oneLine('a\u061cb\u200fc\u202ed\u2067e')).toBe('a b c d e'));

  it('is cut with an ellipsis', () => {
    expect(['abcd', 'abcde', 'a'].map((text) => clip(text, 4))).toEqual(['abcd', 'abc…', 'a']);
    expect(clip('a', 0)).toBe('');
  });

  it('of East Asian characters and emoji is cut between characters', () => {
    expect(clip('日本語テスト', 7)).toBe('日本語…');
    expect(clip('日本語テスト', 6)).toBe('日本…');
    expect(clip('日本語', 6)).toBe('日本語');
    expect(clip('👩‍👩‍👧 family', 4)).toBe('👩‍👩‍👧 …');
  });

  it('does not change the direction of the text after it', () =>
    expect(oneLine('exe.\u202egpj\u2066\u2028')).toBe('exe. gpj'));
});

describe('progress', () => {
  it('is one line on a terminal, which is removed in the end', async () => {
    const { output, text } = screen({ columns: 30 });
    const line = progressLine(output);
    line.show('checked 1 of 2 of the jobs so far');
    line.show('checked 2 of 2');
    expect(await text()).toEqual(['checked 2 of 2']);
    line.clear();
    expect(await text()).toEqual([]);
  });

  it.each([40, 60, 80])('of a file fits %i columns', async (columns) => {
    const { output, text } = screen({ columns });
    let now = 0;
    const transfer = showTransfer(output, 'requests-of-the-whole-night.jsonl', () => now);
    transfer.update(1_000_000, 4_000_000);
    now = 1_000;
    transfer.update(2_000_000, 4_000_000);
    const lines = await text();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('50%');
    transfer.end();
    expect(await text()).toEqual([]);
  });
});

describe('a hidden answer', () => {
  /** What was asked, answered and shown. */
  async function asked(...typed: readonly string[]) {
    const [input, output] = [new PassThrough(), new PassThrough()];
    const interrupted = new AbortController();
    const answer = askOnTerminal('Key: ', interrupted, { isHidden: true, input, output }).catch(
      String,
    );
    for (const text of typed) {
      input.write(text);
      // The terminal hands over a long text in pieces.
      await new Promise(setImmediate);
    }
    return {
      answer: await answer,
      shown: String(output.read()),
      isRead: input.readableLength === 0,
    };
  }

  it('is one line, and is not shown', async () => {
    expect(await asked('sk-abc\r')).toEqual({ answer: 'sk-abc', shown: 'Key: \n', isRead: true });
  });

  it('may be JSON of several lines, of which none is left to the shell', async () => {
    const key = JSON.stringify({ type: 'service_account', private_key: 'x' }, undefined, 2);
    const { answer, shown } = await asked(key.slice(0, 30), key.slice(30), '\n');
    expect(JSON.parse(answer)).toEqual(JSON.parse(key));
    expect(shown).toBe('Key: \n');
  });

  it('is empty after ^D, and interrupted by ^C', async () => {
    expect(await asked('\u0004')).toMatchObject({ answer: '' });
    expect(await asked('sk-', '\u0003')).toMatchObject({ answer: 'Error: interrupted' });
  });
});
