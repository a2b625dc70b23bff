import { type BedrockClient, GetModelInvocationJobCommand } from '@aws-sdk/client-bedrock';
import type { JobState } from '../../batch/job.ts';
import type { ObjectStore } from '../../batch/ports.ts';
import { classify } from './classify.ts';
import { readOptions } from './clients.ts';
import { jobStateOf } from './jobState.ts';
import { outputKey } from './paths.ts';
import { jobSchema, type WireJob } from './wire.ts';

/** A job as Bedrock tells it; undefined for one that it does not know. */
export async function getJob(client: BedrockClient, jobId: string): Promise<WireJob | undefined> {
  try {
    const command = new GetModelInvocationJobCommand({ jobIdentifier: jobId });
    return jobSchema.parse(await client.send(command, readOptions()));
  } catch (error) {
    const failure = classify(error, 'read');
    if (failure.kind === 'missing') return undefined;
    throw failure;
  }
}

/** The present state of a job, with what it wrote if it has ended. */
export async function check(
  client: BedrockClient,
  objects: ObjectStore,
  jobId: string,
): Promise<JobState> {
  const job = await getJob(client, jobId);
  if (job === undefined) return { state: 'missing' };
  const state = jobStateOf(job);
  if (state.state !== 'ended') return state;
  // A job that never ran, or failed, mostly wrote nothing; one that was stopped may have.
  const output = outputKey(job.jobName, job.jobArn);
  const files = (await exists(objects, output)) ? [output] : [];
  return { state: 'ended', outcome: { ...state.outcome, files } };
}

async function exists(objects: ObjectStore, key: string): Promise<boolean> {
  try {
    return (await objects.head({ bucket: objects.bucket, key })) !== undefined;
  } catch (error) {
    throw classify(error, 'read');
  }
}
