import { expect, it } from 'vitest';
import { outcomeText } from '../../cli/commands/batchCommands.ts';

it('says that a batch is being cancelled until it has ended', () => {
  const running = { status: 'running', cancelRequested: true } as const;
  expect(outcomeText(running)).toBe('accepted, the batch is being cancelled (running)');
  const endedAt = '2026-01-01T00:00:00.000Z';
  const ended = { status: 'cancelled', cancelRequested: true, endedAt } as const;
  expect(outcomeText(ended)).toBe('carried out, the batch is cancelled');
  const retried = { status: 'queued', cancelRequested: false } as const;
  expect(outcomeText(retried)).toBe('carried out, the batch is queued');
  expect(outcomeText(undefined)).toBe('sent');
});
