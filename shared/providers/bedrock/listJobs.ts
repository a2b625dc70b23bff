import {
  type BedrockClient,
  ListModelInvocationJobsCommand,
  type ListModelInvocationJobsCommandInput,
} from '@aws-sdk/client-bedrock';
import type { ProviderError } from '../../batch/errors.ts';
import type { ListedJob } from '../provider.ts';
import { unusableAnswer } from '../unusableAnswer.ts';
import { classify } from './classify.ts';
import { readOptions } from './clients.ts';
import { isKey } from './paths.ts';
import { jobListSchema } from './wire.ts';

// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListModelInvocationJobs.html: up to
// 1,000; a smaller page answers sooner.
const PAGE_SIZE = 100;
/** Times may be cut to whole seconds. */
const SECOND_MS = 1000;

/** Pages back, newest first, until a job is older than `since` or there is none. */
export async function* listJobs(client: BedrockClient, since: number): AsyncGenerator<ListedJob> {
  const after = since > SECOND_MS ? { submitTimeAfter: new Date(since - SECOND_MS) } : {};
  for await (const job of pages(client, after)) {
    if (job.createdAt + SECOND_MS <= since) return;
    yield job;
  }
}

/** Jobs whose name contains this one. */
export function listNamed(client: BedrockClient, name: string): AsyncGenerator<ListedJob> {
  return pages(client, { nameContains: name });
}

async function* pages(
  client: BedrockClient,
  filter: ListModelInvocationJobsCommandInput,
): AsyncGenerator<ListedJob> {
  let nextToken: string | undefined;
  while (true) {
    const page = await readPage(
      client,
      nextToken === undefined ? filter : { ...filter, nextToken },
    );
    for (const { jobArn, jobName, submitTime } of page.invocationJobSummaries) {
      const key = isKey(jobName) ? jobName : undefined;
      yield { id: jobArn, key, createdAt: submitTime.getTime() };
    }
    if (page.nextToken == null) return;
    if (page.nextToken === nextToken) throw stuck();
    nextToken = page.nextToken;
  }
}

async function readPage(client: BedrockClient, query: ListModelInvocationJobsCommandInput) {
  try {
    const command = new ListModelInvocationJobsCommand({
      maxResults: PAGE_SIZE,
      sortBy: 'CreationTime',
      sortOrder: 'Descending',
      ...query,
    });
    return jobListSchema.parse(await client.send(command, readOptions()));
  } catch (error) {
    throw classify(error, 'read');
  }
}

// An endless listing, or one that seems to end early.
function stuck(): ProviderError {
  return unusableAnswer('Bedrock, read', 'a page of jobs leads to itself');
}
