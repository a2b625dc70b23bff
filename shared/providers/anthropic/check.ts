import type Anthropic from '@anthropic-ai/sdk';
import type { JobState } from '../../batch/job.ts';
import { readOptions } from '../readBounds.ts';
import { classify } from './classify.ts';
import { jobStateOf } from './jobState.ts';
import { batchSchema } from './wire.ts';

/** The present state of a job. One that Anthropic does not know is `missing`, not an error. */
export async function check(client: Anthropic, jobId: string): Promise<JobState> {
  try {
    const answer: unknown = await client.messages.batches.retrieve(jobId, {}, readOptions());
    return jobStateOf(batchSchema.parse(answer));
  } catch (error) {
    const failure = classify(error, 'read');
    if (failure.kind === 'missing') return { state: 'missing' };
    throw failure;
  }
}
