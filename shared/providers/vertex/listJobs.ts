import { listPages } from '../google/listPages.ts';
import type { ListedJob } from '../provider.ts';
import { classify } from './classify.ts';
import type { JobPage, Jobs } from './jobs.ts';
import { KEY_LABEL, keyOf } from './names.ts';

/**
 * Jobs with our label, all pages to the last: that they come newest first is not documented, so
 * Google leaves out the older ones, and nothing is concluded from the order.
 */
export async function* listJobs(jobs: Jobs, since: number): AsyncGenerator<ListedJob> {
  const filter = `labels.${KEY_LABEL}:* AND create_time>="${new Date(since).toISOString()}"`;
  const pages = listPages('Vertex AI, read', (pageToken) => readPage(jobs, filter, pageToken));
  for await (const { batchPredictionJobs = [] } of pages)
    for (const { name: id, labels, createTime: createdAt } of batchPredictionJobs)
      if (createdAt >= since) yield { id, key: keyOf(labels), createdAt };
}

async function readPage(jobs: Jobs, filter: string, pageToken?: string): Promise<JobPage> {
  try {
    return await jobs.list(filter, pageToken);
  } catch (error) {
    throw classify(error, 'read');
  }
}
