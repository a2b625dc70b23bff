import { describe, expect, it } from 'vitest';
import { createBoard } from '../../cli/commands/watch.ts';
import type { CliContext } from '../../cli/context.ts';
import { textWidth } from '../../cli/terminal/output.ts';
import { batchInfo } from '../../shared/client/batchInfo.ts';
import { given, NOW, OBJECTS } from '../support/given.ts';
import { screen } from '../support/screen.ts';

const WIDTHS = [60, 80, 100, 120, 160];

describe('the board of watched batches', () => {
  const waiting = (text: string) => ({ waitingFor: { kind: 'retry', text, attempt: 2 } as const });
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
  const boardOn = (output: CliContext['stdout'], ...ids: readonly string[]) =>
    createBoard({ stdout: output, now: () => NOW } as CliContext, ids, false);

  it.each(WIDTHS)('shows why a batch failed, at %i columns', async (columns) => {
    const { output, text } = screen({ columns });
    const board = boardOn(output, 'nightly', 'broken');
    // The batches may be updated in any order.
    for (const batch of [failed, running, failed]) board.update(batchInfo(batch, OBJECTS));
    const lines = await text();
    const table = lines.slice(-3);
    expect(table[0]).toMatch(/^BATCH +STATUS +PROGRESS/);
    expect(table[1]).toMatch(/^nightly +running .*25%/);
    expect(table[2]).toMatch(/^broken +failed/);
    if (columns >= 80) expect(table[2]).toContain('  line 7: cu');
    // The whole reason is above the table, once, without the colour that it came with.
    expect(lines.slice(0, -3).join('')).toBe(`broken failed: ${why}`);
  });

  it.each(WIDTHS)('cuts the longest id and the longest reason at %i columns', async (columns) => {
    const { output, text } = screen({ columns });
    const message = 'The project has no credit left. '.repeat(20);
    const batchId = 'x'.repeat(100);
    const retrying = given('retrying', { batchId });
    boardOn(output, batchId).update(batchInfo(retrying, OBJECTS, waiting(message)));
    const lines = await text();
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(/^x{29,}.* retrying /);
    for (const line of lines) expect(line.length).toBeLessThan(columns);
  });

  it.each(WIDTHS)('keeps wide characters within %i columns', async (columns) => {
    const { output, text } = screen({ columns });
    const message =
      '入力ファイルの形式が正しくありません。🚫 各行にcustom_idを付けてください。'.repeat(3);
    const wide = given('retrying', { batchId: 'wide' });
    boardOn(output, 'wide').update(batchInfo(wide, OBJECTS, waiting(message)));
    const lines = await text();
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(textWidth(line)).toBeLessThan(columns);
    if (columns >= 80) expect(lines[1]).toMatch(/ {2}入力ファ.*…$/);
  });

  it('shows what a batch waits for, and nothing where the status says it all', async () => {
    const { output, text } = screen({ columns: 120 });
    const board = boardOn(output, 'b1', 'b2');
    const job = { kind: 'job', text: 'it runs', provider: 'openai', isPending: false } as const;
    board.update(
      batchInfo(given('retrying'), OBJECTS, waiting('the next attempt is at 08:01:00Z')),
    );
    const other = given('running', { batchId: 'b2' });
    board.update(batchInfo(other, OBJECTS, { waitingFor: job }));
    const lines = await text();
    expect(lines.at(-2)).toMatch(/^b1 +retrying .* the next attempt is at 08:01:00Z$/);
    expect(lines.at(-1)).not.toContain('it runs');
  });

  it('writes no line twice into a pipe for a wait that the line does not tell', () => {
    const written: string[] = [];
    const stdout = { write: (text: string) => written.push(text) };
    const board = boardOn(stdout as unknown as CliContext['stdout'], 'b1');
    const sent = {
      kind: 'submission',
      text: 'soon',
      provider: 'openai',
      isLookedFor: false,
    } as const;
    const until = '2026-11-25T08:00:00.000Z';
    const submitting = given('submitting');
    board.update(batchInfo(submitting, OBJECTS, { waitingFor: { ...sent, until } }));
    board.update(batchInfo(submitting, OBJECTS, { waitingFor: sent }));
    expect(written).toHaveLength(1);
    for (const time of [until, '2026-11-25T08:01:00.000Z'])
      board.update(
        batchInfo(given('retrying'), OBJECTS, {
          waitingFor: { kind: 'retry', text: time, until: time, attempt: 2 },
        }),
      );
    expect(written).toHaveLength(3);
  });

  it('does not show the reason of an earlier attempt as that of the end', async () => {
    const { output, text } = screen({ columns: 120 });
    const old = { code: 'quota', message: 'was full', at: NOW - 9_000, attempt: 1 };
    const cancelled = given('cancelled', { attempt: 2, reasons: [old], statusAt: NOW });
    boardOn(output, 'b1').update(batchInfo(cancelled, OBJECTS));
    expect((await text()).join('\n')).not.toContain('was full');
  });

  it('writes a line for each news to a pipe: a place in a queue is none, a cause is', () => {
    const written: string[] = [];
    const pipe = { write: (line: string) => written.push(line) };
    const board = boardOn(pipe, 'b1');
    const known = { kind: 'queue', provider: 'openai', isFull: true } as const;
    for (const text of ['number 9', 'number 8'])
      board.update(batchInfo(given('queued'), OBJECTS, { waitingFor: { ...known, text } }));
    board.update(batchInfo(given('queued'), OBJECTS, waiting('something else')));
    expect(written).toEqual([
      'b1  queued      0 of 10 finished  (number 9)\n',
      'b1  queued      0 of 10 finished  (something else)\n',
    ]);
  });

  it('leaves the last state on the terminal', async () => {
    const { output, text } = screen();
    const board = boardOn(output, 'nightly');
    board.update(batchInfo(running, OBJECTS));
    board.update(batchInfo(given('completed', { batchId: 'nightly' }), OBJECTS));
    expect((await text()).map((line) => line.split(/ +/, 2))).toEqual([
      ['BATCH', 'STATUS'],
      ['nightly', 'completed'],
    ]);
  });

  it('draws no more lines than the terminal has', async () => {
    const { output, text } = screen({ rows: 6 });
    const ids = Array.from({ length: 9 }, (_, n) => `batch-${n}`);
    const board = boardOn(output, ...ids);
    for (const batchId of ids) board.update(batchInfo({ ...running, batchId }, OBJECTS));
    const lines = await text();
    expect(lines).toHaveLength(5);
    expect(lines.at(-1)).toBe('… and 6 more');
  });
});
