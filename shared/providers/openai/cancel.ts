import type OpenAI from 'openai';
import { readOptions } from '../readBounds.ts';
import { classify } from './classify.ts';
import { faultOf } from './fault.ts';

/** Asks OpenAI to end a job. */
export async function cancel(client: OpenAI, jobId: string): Promise<void> {
  try {
    await client.batches.cancel(jobId, readOptions());
  } catch (error) {
    const failure = classify(error, 'read');
    // 400 or 409: it has ended, or is ending already.
    const hasEnded = failure.kind === 'permanent' || faultOf(error).status === 409;
    if (!hasEnded && failure.kind !== 'missing') throw failure;
  }
}
