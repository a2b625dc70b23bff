import { expect, test } from 'vitest';
import { listColumns } from '../../cli/commands/list.ts';
import { textWidth } from '../../cli/terminal/output.ts';
import { tableLines } from '../../cli/terminal/table.ts';
import { batchInfo } from '../../shared/client/batchInfo.ts';
import { given, INPUT, NOW, OBJECTS } from '../support/given.ts';

const BATCHES = [
  given('running', {
    batchId: 'nightly-summaries-of-support-tickets',
    provider: 'claude',
    input: { ...INPUT, model: 'claude-haiku-4-5-20251001' },
    counts: { total: 50_000, succeeded: 31_200, failed: 0, unfinished: 18_800 },
    job: { id: 'job_2', submission: 2, submittedAt: NOW - 1000, progress: 1_234 },
    attempt: 2,
    cost: 12.345,
  }),
  given('failed', { batchId: 'x', cost: 0.0123, endedAt: NOW }),
  given('inspecting', { batchId: 'just-added', cost: undefined }),
].map((batch) => batchInfo(batch, OBJECTS));

const plain = (_: unknown, text: string) => text;
const tableAt = (width: number, paint = plain) =>
  tableLines(listColumns(NOW, BATCHES), BATCHES, width, paint);

test.each([60, 80, 120])('the list fits %i columns', (width) => {
  const lines = tableAt(width);
  expect(lines.every((line) => line.length <= width)).toBe(true);
  expect(`\n${lines.join('\n')}\n`).toMatchSnapshot();
});

test('text from outside is aligned and controls nothing', () => {
  const wide = given('running', {
    batchId: 'wide',
    provider: 'openai',
    input: { ...INPUT, model: '模型\u001b[2J\u009b1m🚀' },
  });
  const rows = [batchInfo(wide, OBJECTS), ...BATCHES];
  const lines = tableLines(listColumns(NOW, rows), rows, 120, plain);
  expect(lines.join('')).not.toMatch(/\p{Cc}/u);
  const widths = lines.map((line) => textWidth(line));
  expect(new Set(widths).size).toBe(1);
});

test('why a batch waits or has failed has a column if there is such a batch', () => {
  const reasons = [{ code: 'processor_failed', message: 'the processor failed: it broke' }];
  const rows = [...BATCHES, batchInfo(given('failed', { reasons }), OBJECTS)];
  const lines = tableLines(listColumns(NOW, rows), rows, 200, plain);
  expect(lines[0]).toMatch(/ WHY$/);
  expect(lines.at(-1)).toMatch(/ the processor failed: it broke$/);
  expect(tableAt(200)[0]).not.toContain('WHY');
});

test('every status has its colour, and colours take no columns', () => {
  const lines = tableAt(80, (style, text) => `<${style}>${text}</>`);
  expect(lines[2]).toMatch(/<red>failed/);
  const bare = lines.map((line) => line.replaceAll(/<[^>]*>/g, '').trimEnd());
  expect(bare).toEqual(tableAt(80));
});
