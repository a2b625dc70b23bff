import type Anthropic from '@anthropic-ai/sdk';
import { readOptions } from '../readBounds.ts';
import { classify } from './classify.ts';

/**
 * Deletes an ended job, and its requests and results with it. One that is not there needs no
 * deleting, and one that has not ended (400) cannot be deleted: its results expire after 29 days.
 */
export async function deleteFiles(client: Anthropic, jobId: string): Promise<void> {
  try {
    await client.messages.batches.delete(jobId, {}, readOptions());
  } catch (error) {
    const failure = classify(error, 'read');
    if (failure.kind !== 'missing' && failure.kind !== 'permanent') throw failure;
  }
}
