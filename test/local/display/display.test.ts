import { expect, test } from 'vitest';
import type { BatchView } from '../../../local/batches.ts';
import { createBoard, createDisplay, jsonLines, summary } from '../../../local/display.ts';
import type { StateChange } from '../../../shared/batch/contracts.ts';
import type { Failures } from '../../../shared/batch/failures.ts';
import { problemOf } from '../../../shared/batch/problems.ts';

function view(change: Partial<BatchView>): BatchView {
  return {
    batchId: 'x',
    status: 'queued',
    attempts: 0,
    counts: { total: 3, succeeded: 0, failed: 0 },
    deliveries: 0,
    reason: undefined,
    failures: undefined,
    problems: undefined,
    inputErrorsKey: undefined,
    statusAt: 0,
    rows: undefined,
    ...change,
  };
}

function output(isTTY: boolean) {
  const written: string[] = [];
  return { isTTY, columns: 60, written, write: (text: string) => written.push(text) };
}

test('a pipe gets a line for every change', () => {
  const pipe = output(false);
  const display = createDisplay(pipe);

  display.update([view({})]);
  display.update([view({})]);
  display.update([view({ status: 'running', attempts: 1 }), view({ batchId: 'y' })]);
  display.update([
    view({
      status: 'failed',
      attempts: 1,
      counts: { total: 3, succeeded: 1, failed: 2 },
      reason: 'why',
    }),
    view({ batchId: 'y' }),
  ]);

  expect(pipe.written).toEqual([
    'x  queued      0 of 3 succeeded\n',
    'x  running     attempt 1  0 of 3 succeeded\n',
    'y  queued      0 of 3 succeeded\n',
    'x  failed      attempt 1  1 of 3 succeeded, 2 failed  (why)\n',
  ]);
});

test('the refusal of a provider is left to the note about it', () => {
  const pipe = output(false);
  const display = createDisplay(pipe);
  const blocked = (until: string): BatchView =>
    view({
      waitingFor: {
        ...{ kind: 'blocked', provider: 'openai', refusals: 1, until },
        reason: { code: 'invalid_api_key', message: 'no such key' },
        text: `openai is blocked until ${until}: invalid_api_key: no such key`,
      },
    });

  display.update([view({})]);
  display.update([blocked('08:00:00Z')]);
  display.update([blocked('08:05:00Z')]);

  expect(pipe.written).toEqual([
    'x  queued      0 of 3 succeeded\n',
    'x  queued      0 of 3 succeeded  (openai is blocked)\n',
  ]);
});

test('a terminal gets its lines drawn over, none longer than it is wide', () => {
  const terminal = output(true);
  const display = createDisplay(terminal);

  display.update([view({}), view({ batchId: 'y' })]);
  display.update([view({}), view({ batchId: 'y' })]);
  const waitingFor = { kind: 'retry', text: 'long '.repeat(20), attempt: 2 } as const;
  display.update([view({ waitingFor }), view({ batchId: 'y' })]);
  display.note('a note');

  expect(terminal.written).toEqual([
    '\u001b[2Kx  queued      0 of 3 succeeded\n\u001b[2Ky  queued      0 of 3 succeeded\n',
    `\r\u001b[2A\u001b[2Kx  queued      0 of 3 succeeded  (${'long '.repeat(20).slice(0, 24)}…\n\u001b[2Ky  queued      0 of 3 succeeded\n`,
    '\r\u001b[2A\u001b[0Ja note\n',
    expect.stringContaining('\u001b[2Kx  queued'),
  ]);
});

test('a change between two looks is shown, an event that comes late is not', () => {
  const pipe = output(false);
  const board = createBoard(createDisplay(pipe));
  const change: Omit<StateChange, 'to' | 'at'> = {
    version: 1,
    batchId: 'x',
    provider: 'openai',
    from: 'running',
    attempt: 1,
    counts: { total: 3, succeeded: 1, failed: 0, unfinished: 2 },
    cost: null,
    reasons: [{ code: 'expired', message: 'too late', line: 7 }],
    metadata: {},
  };
  board.show([view({ status: 'running', statusAt: 1000 })]);

  board.showChange({ ...change, to: 'retrying', at: new Date(2000).toISOString() });
  board.show([view({ status: 'completed', statusAt: 4000 })]);
  board.showChange({ ...change, to: 'delivering', at: new Date(3000).toISOString() });

  expect(pipe.written).toEqual([
    'x  running     0 of 3 succeeded\n',
    'x  retrying    attempt 1  1 of 3 succeeded\n',
    'x  completed   0 of 3 succeeded\n',
  ]);
});

const FAILURES: Failures = {
  total: 4,
  groups: [
    { count: 3, code: 'invalid_value', status: 400, example: 'ticket-17' },
    { count: 1, code: 'output_missing', example: 'ticket-20' },
  ],
  other: 0,
};
const files = { results: 'r.jsonl', errors: 'r.errors.jsonl' };

test('the summary says in one line what failed', () => {
  const ended = view({ status: 'completed', failures: FAILURES, reason: 'an old one' });
  const batches = [{ view: ended, files, processed: [] }];
  expect(summary(batches)).toContain(
    '\n  failures   3 × 400 invalid_value, e.g. ticket-17; 1 × output_missing, e.g. ticket-20\n  results',
  );
  expect(summary(batches)).not.toContain('an old one');
  expect(JSON.parse(jsonLines(batches))).toMatchObject({ failures: FAILURES, ...files });
});

test('the summary keeps escape sequences of a provider from the terminal', () => {
  const ended = view({
    status: 'failed',
    reason: 'bad \u001b]0;title\u0007\u001b[2Jkey\nx: completed',
  });
  const text = summary([{ view: ended, files, processed: [] }]);
  expect(text).toContain('\n  reason     bad key x: completed\n');
  expect(text).not.toContain('\u001b');
});

test('a refused input is told by kind, while it runs and in the summary', () => {
  const problems = problemOf({ code: 'stream', message: 'body.stream is true', line: 7 });
  const refused = view({ status: 'failed', problems, reason: 'line 7: body.stream is true' });
  const told = '1 problem: 1 × body.stream is true (line 7)';
  const pipe = output(false);
  createDisplay(pipe).update([refused]);
  expect(pipe.written.join('')).toContain(`(${told})`);
  const text = summary([{ view: refused, files, processed: [] }]);
  expect(text).toContain(`\n  problems   ${told}\n`);
  expect(text).not.toContain('reason');
});

test('what an open batch waits for takes the place of its latest reason', () => {
  const pipe = output(false);
  const display = createDisplay(pipe);
  const known = { kind: 'queue', provider: 'p', isFull: true } as const;
  display.update([view({ reason: 'of an earlier attempt' })]);
  for (const text of ['number 2', 'number 1'])
    display.update([view({ reason: 'of an earlier attempt', waitingFor: { ...known, text } })]);
  expect(pipe.written).toEqual([
    'x  queued      0 of 3 succeeded\n',
    'x  queued      0 of 3 succeeded  (number 2)\n',
  ]);
});
