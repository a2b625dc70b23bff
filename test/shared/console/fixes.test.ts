import { expect, it } from 'vitest';
import { fixOf } from '../../../shared/console/fixes.ts';

const hint = (text: string) => `${text} --stack S`;

it.each([
  [
    'correct what that names of its key, permissions, billing or settings, then run batch-handler resume claude',
    { kind: 'resume', provider: 'claude' },
  ],
  ['batch-handler resume openai, if it no longer holds', { kind: 'resume', provider: 'openai' }],
  ['batch-handler key openai', { kind: 'key', provider: 'openai' }],
  [
    'fix the cause, then run batch-handler redrive --queue batch',
    { kind: 'letters', queue: 'batch' },
  ],
  [
    'deploy the entry again until they have ended, or cancel them (batch-handler list --provider old-one)',
    { kind: 'batches', provider: 'old-one' },
  ],
  ['see batch-handler list --status open', { kind: 'batches' }],
  [
    'if sweeps run and a worker could take it, see its logs: aws logs tail /aws/lambda/w --since 1h, for "tickets"',
    { kind: 'batch', batchId: 'tickets' },
  ],
])('of "%s", the page offers what it can do', (advice, fix) => {
  expect(fixOf(advice, hint)).toEqual(fix);
});

it.each([
  [
    'batch-handler remove b1, which shows what may still run at its provider',
    'batch-handler remove b1 --stack S',
  ],
  [
    'see its logs: aws logs tail /aws/lambda/sweeper --since 1h',
    'aws logs tail /aws/lambda/sweeper --since 1h --stack S',
  ],
  [
    'aws dynamodb update-time-to-live --table-name t --time-to-live-specification Enabled=true,AttributeName=expiresAt',
    'aws dynamodb update-time-to-live --table-name t --time-to-live-specification Enabled=true,AttributeName=expiresAt --stack S',
  ],
])('of "%s", it shows the command to paste', (advice, text) => {
  expect(fixOf(advice, hint)).toEqual({ kind: 'command', text });
});

it.each([
  'needs sqs:ReceiveMessage',
  'start the program that calls createBatchHandler with this directory',
  'remove those first',
])('of "%s", it offers nothing', (advice) => {
  expect(fixOf(advice, hint)).toBeUndefined();
});
