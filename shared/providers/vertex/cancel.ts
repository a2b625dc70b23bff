import { classify } from './classify.ts';
import type { Jobs } from './jobs.ts';

/** Asks Vertex AI to end a job. */
export async function cancel(jobs: Jobs, jobId: string): Promise<void> {
  try {
    await jobs.cancel(jobId);
  } catch (error) {
    const failure = classify(error, 'read');
    // 400: it has ended, or is ending already.
    if (failure.kind !== 'permanent' && failure.kind !== 'missing') throw failure;
  }
}
