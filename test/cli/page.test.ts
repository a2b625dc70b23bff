import { expect, test } from 'vitest';
import { batchPage } from '../../cli/commands/show.ts';
import { textWidth } from '../../cli/terminal/output.ts';
import { batchInfo } from '../../shared/client/batchInfo.ts';
import { given, INPUT, NOW } from '../support/given.ts';

const settings = { now: NOW, width: 60, paint: (_: unknown, text: string) => text };
const pageOf = (batch: ReturnType<typeof given>): readonly string[] =>
  batchPage(batchInfo(batch, 'bucket'), [], settings);

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
