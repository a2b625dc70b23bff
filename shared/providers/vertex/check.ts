import type { JobState } from '../../batch/job.ts';
import { classify } from './classify.ts';
import { jobStateOf } from './jobState.ts';
import type { Jobs } from './jobs.ts';
import type { Outputs } from './outputs.ts';
import type { WireJob } from './wire.ts';

/** A job as Vertex AI tells it; undefined for one that it does not know. */
export async function getJob(jobs: Jobs, jobId: string): Promise<WireJob | undefined> {
  try {
    return await jobs.get(jobId);
  } catch (error) {
    const failure = classify(error, 'read');
    if (failure.kind === 'missing') return undefined;
    throw failure;
  }
}

/** The present state of a job, with what it wrote if it has ended. */
export async function check(jobs: Jobs, outputs: Outputs, jobId: string): Promise<JobState> {
  const job = await getJob(jobs, jobId);
  if (job === undefined) return { state: 'missing' };
  const state = jobStateOf(job);
  if (state.state !== 'ended') return state;
  try {
    const files = await outputs.filesOf(job);
    return { state: 'ended', outcome: { ...state.outcome, files } };
  } catch (error) {
    throw classify(error, 'read');
  }
}
