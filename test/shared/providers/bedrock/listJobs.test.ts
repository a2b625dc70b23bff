import type { BedrockClient } from '@aws-sdk/client-bedrock';
import { expect, test } from 'vitest';
import { listJobs } from '../../../../shared/providers/bedrock/jobs.ts';

test('an older job among newer ones does not end the listing', async () => {
  const since = Date.UTC(2026, 10, 20);
  const job = (jobArn: string, submitTime: Date) => ({ jobArn, jobName: 'any', submitTime });
  const pages = [
    {
      invocationJobSummaries: [job('old', new Date(since - 9_000)), job('new', new Date(since))],
      nextToken: 'next',
    },
    { invocationJobSummaries: [job('last', new Date(since))] },
  ];
  const client = { send: async () => pages.shift() } as unknown as BedrockClient;
  const found = [];
  for await (const { id } of listJobs(client, since)) found.push(id);
  expect(found).toEqual(['new', 'last']);
});
