import { describe, expect, it } from 'vitest';
import type { CliContext } from '../../cli/context.ts';
import { bar } from '../../cli/terminal/bar.ts';
import { clip, oneLine, painter, textWidth } from '../../cli/terminal/output.ts';
import { progressLine } from '../../cli/terminal/progress.ts';
import { showTransfer } from '../../cli/terminal/transfer.ts';
import { createBoard } from '../../cli/watch/board.ts';
import { batchInfo } from '../../shared/client/batchInfo.ts';
import { createLiveLines } from '../../shared/terminal/liveLines.ts';
import { given, NOW } from '../support/given.ts';
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
  it('has colours there only, and none where they are not wanted', () => {
    expect(painter(tty, {})('red', 'x')).toBe('\u001b[31mx\u001b[39m');
    for (const env of [{ NO_COLOR: '1' }, { TERM: 'dumb' }])
      expect(painter(tty, env)('red', 'x')).toBe('x');
    expect(painter({ write() {} }, {})('red', 'x')).toBe('x');
  });

  it('of others is one line without what a terminal obeys', () =>
    expect(oneLine('\u001b[2Jgone\u0007\r\n  \u009b31mred\u0000')).toBe('gone   red'));

  it('is cut so that one sees it', () => {
    expect(['abcd', 'abcde', 'a'].map((text) => clip(text, 4))).toEqual(['abcd', 'abc…', 'a']);
    expect(clip('a', 0)).toBe('');
  });

  it('of East Asia and emoji is cut where its columns end, and no character in halves', () => {
    expect(clip('日本語テスト', 7)).toBe('日本語…');
    expect(clip('日本語テスト', 6)).toBe('日本…');
    expect(clip('日本語', 6)).toBe('日本語');
    expect(clip('👩‍👩‍👧 family', 4)).toBe('👩‍👩‍👧 …');
  });

  it('does not turn the direction of what follows', () =>
    expect(oneLine('exe.\u202egpj\u2066\u2028')).toBe('exe. gpj'));
});

describe('lines that are drawn over', () => {
  it('take the place of those before them, however many they are', async () => {
    const { output, text } = screen();
    const live = createLiveLines(output);
    output.write('before\n');
    live.draw(['one', 'two of them', 'three']);
    live.draw(['one', 'two']);
    expect(await text()).toEqual(['before', 'one', 'two']);
    live.clear();
    expect(await text()).toEqual(['before']);
  });

  it('stay below a note, even one that takes several lines', async () => {
    const { output, text } = screen({ columns: 20 });
    const live = createLiveLines(output);
    live.draw(['a line of 18 chars', 'b line of 18 chars']);
    live.note('a note that is longer');
    expect(await text()).toEqual([
      'a note that is longe',
      'r',
      'a line of 18 chars',
      'b line of 18 chars',
    ]);
  });
});

describe('a terminal that changes under them', () => {
  const lines = ['a line of 18 chars', 'b line of 18 chars'];

  it('is drawn over whole where it became narrower and wrapped them', async () => {
    const { output, text, resize } = screen({ columns: 20 });
    const live = createLiveLines(output);
    output.write('before\n');
    live.draw(lines);
    await resize(10, 24);
    live.draw(['one', 'two']);
    expect(await text()).toEqual(['before', 'one', 'two']);
    await resize(40, 24);
    live.draw(['three', 'four']);
    expect(await text()).toEqual(['before', 'three', 'four']);
  });

  it('shows as many as it has room for', async () => {
    const { output, text, resize } = screen({ rows: 10 });
    const live = createLiveLines(output);
    live.draw(['1', '2', '3', '4', '5', '6']);
    await resize(80, 4);
    live.draw(['1', '2', '3', '4', '5', '7']);
    expect((await text()).slice(-3)).toEqual(['1', '2', '… and 4 more']);
    await resize(80, 10);
    live.draw(['1', '2']);
    expect((await text()).slice(-2)).toEqual(['1', '2']);
  });

  it('keeps its cursor: nothing is left to restore after ^C', async () => {
    const written: unknown[] = [];
    const live = createLiveLines({ isTTY: true, write: (chunk) => written.push(chunk) });
    live.draw(lines);
    live.clear();
    expect(written.join('')).not.toContain('\u001b[?');
  });
});

describe('progress', () => {
  it('is one line on a terminal, and gone in the end', async () => {
    const { output, text } = screen({ columns: 30 });
    const line = progressLine(output);
    line.show('looked at 1 of 2 of the jobs so far');
    line.show('looked at 2 of 2');
    expect(await text()).toEqual(['looked at 2 of 2']);
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

describe('the board of watched batches', () => {
  const running = given('running', {
    batchId: 'nightly',
    counts: { total: 200, succeeded: 50, failed: 0, unfinished: 150 },
  });
  const why = 'line 7: custom_id is missing: give each request a unique one';
  const failed = given('failed', {
    batchId: 'broken',
    reasons: [{ code: 'missing_custom_id', message: `\u001b[31m${why}` }],
    endedAt: NOW,
  });
  const boardOn = (output: CliContext['stdout']) =>
    createBoard({ stdout: output, now: () => NOW } as CliContext, false);

  it.each([60, 80, 120])('tells in %i columns why a batch failed', async (columns) => {
    const { output, text } = screen({ columns });
    const board = boardOn(output);
    for (const batch of [running, failed, running]) board.update(batchInfo(batch, 'bucket'));
    const lines = await text();
    const table = lines.slice(-3);
    expect(table[0]).toMatch(/^BATCH +STATUS +PROGRESS/);
    expect(table[1]).toMatch(/^nightly +running .*25%/);
    expect(table[2]).toMatch(/^broken +failed/);
    if (columns >= 80) expect(table[2]).toContain('  line 7: cu');
    // In full above it, once, and nothing of the colour that it came with.
    expect(lines.slice(0, -3).join('')).toBe(`broken failed: ${why}`);
  });

  it.each([60, 80, 100, 120, 160])('keeps wide characters within %i columns', async (columns) => {
    const { output, text } = screen({ columns });
    const message =
      '入力ファイルの形式が正しくありません。🚫 各行にcustom_idを付けてください。'.repeat(3);
    const queued = given('queued', { batchId: 'wide', reasons: [{ code: 'x', message }] });
    boardOn(output).update(batchInfo({ ...queued, status: 'retrying' }, 'bucket'));
    const lines = await text();
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(textWidth(line)).toBeLessThan(columns);
    if (columns >= 80) expect(lines[1]).toMatch(/ {2}入力ファ.*…$/);
  });

  it('leaves the last state where it was', async () => {
    const { output, text } = screen();
    const board = boardOn(output);
    board.update(batchInfo(running, 'bucket'));
    board.update(batchInfo({ ...running, status: 'completed', endedAt: NOW }, 'bucket'));
    expect((await text()).map((line) => line.split(/ +/, 2))).toEqual([
      ['BATCH', 'STATUS'],
      ['nightly', 'completed'],
    ]);
  });

  it('has no more lines than the terminal', async () => {
    const { output, text } = screen({ rows: 6 });
    const board = boardOn(output);
    for (let n = 0; n < 9; n++)
      board.update(batchInfo({ ...running, batchId: `batch-${n}` }, 'bucket'));
    const lines = await text();
    expect(lines).toHaveLength(5);
    expect(lines.at(-1)).toBe('… and 6 more');
  });
});
