import { expect, test } from 'vitest';
import { batchPage } from '../../cli/batchPage.ts';
import { textWidth } from '../../cli/terminal/output.ts';
import { batchInfo } from '../../shared/client/batchInfo.ts';
import { given, INPUT, NOW, OBJECTS } from '../support/given.ts';

const settings = {
  now: NOW,
  width: 60,
  paint: (_: unknown, text: string) => text,
  hint: (text: string) => text.replace('batch-handler', 'bin/batch-handler'),
};
const pageOf = (batch: ReturnType<typeof given>): readonly string[] =>
  batchPage(batchInfo(batch, OBJECTS), [], settings);

test('a batch with a refused input is shown with its reason and without request counts', () => {
  const reasons = [{ code: 'invalid_json', message: 'this is no JSON', line: 3 }];
  const counts = { total: 0, succeeded: 0, failed: 0, unfinished: 0 };
  const lines = pageOf(given('failed', { counts, reasons, endedAt: NOW }));
  expect(lines[0]).toBe('b1  failed');
  expect(lines).toContain('- invalid_json: line 3: this is no JSON'.padStart(41));
  expect(lines.join('\n')).not.toMatch(/progress|requests|tokens/);
});

test('text from outside controls nothing and fits the terminal', () => {
  const metadata = { team: `検索\u001b[2J\r\n${'長い'.repeat(40)}` };
  const job = { id: '\u009b31mjob', submission: 1, submittedAt: NOW };
  const lines = pageOf(
    given('running', { job, input: { ...INPUT, model: 'm\u0007' }, spec: { metadata } }),
  );
  expect(lines.join('')).not.toMatch(/\p{Cc}/u);
  for (const line of lines.filter((each) => !each.includes('s3://')))
    expect(textWidth(line)).toBeLessThanOrEqual(60);
  expect(lines.join('\n')).toMatch(/team=検索 .*…$/m);
});

test('what failed is told by error, with the command that prints all of it', () => {
  const failureGroups = [
    { count: 3, code: 'invalid_value', status: 400, example: 'ticket-17' },
    { count: 1, code: 'output_missing', example: 'ticket-20' },
  ];
  const lines = pageOf(given('completed', { failureGroups }));
  const start = lines.indexOf('failures');
  expect(lines.slice(start, start + 4)).toEqual([
    'failures',
    '  - 3 × 400 invalid_value, e.g. ticket-17; 1 ×',
    '    output_missing, e.g. ticket-20; 1 other',
    '    all: bin/batch-handler results b1 --errors',
  ]);
});

test('a refused input is told by kind instead of line by line', () => {
  const reasons = [1, 2].map((line) => ({ code: 'stream', message: `line ${line}: no`, line }));
  const inputProblems = {
    total: 200,
    groups: [{ count: 200, code: 'stream', message: 'no', lines: [1, 2, 3] }],
    other: 0,
  };
  const known = {
    reasons,
    inputProblems,
    counts: { total: 0, succeeded: 0, failed: 0, unfinished: 0 },
  };
  const lines = pageOf(given('failed', { ...known, rows: undefined, inputErrorsKey: 'k' }));
  expect(lines).toContain('  - 200 problems: 200 × no (lines 1, 2, 3 …)');
  expect(lines).toContain('    all: bin/batch-handler results b1 --errors');
  expect(lines).not.toContain('reasons');
  // Nothing was inspected, so there is no file with lines.
  const whole = pageOf(given('failed', { ...known, rows: undefined }));
  expect(whole.join('\n')).not.toContain('all:');
});
