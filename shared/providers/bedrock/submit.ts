import { type BedrockClient, CreateModelInvocationJobCommand } from '@aws-sdk/client-bedrock';
import { ProviderError } from '../../batch/errors.ts';
import type { ObjectStore } from '../../batch/ports.ts';
import type { Submission } from '../provider.ts';
import { classify } from './classify.ts';
import type { Clients } from './clients.ts';
import { deleteFolder } from './folder.ts';
import { listNamed } from './listJobs.ts';
import { inputKey, outputFolder } from './paths.ts';
import type { Route } from './route.ts';
import { upload } from './upload.ts';
import { createdSchema } from './wire.ts';

/** Where a job reads and writes, and on whose behalf. */
export interface Place {
  readonly objects: ObjectStore;
  /** ARN of the role that Bedrock assumes. */
  readonly jobRole: string | undefined;
}

/** Writes the records into the bucket, then sends one create call. */
export async function submit(
  clients: Clients,
  { objects, jobRole }: Place,
  route: Route,
  submission: Submission,
): Promise<{ jobId: string }> {
  if (jobRole === undefined) throw noRole();
  await upload(objects, submission, route);
  try {
    const jobId = await create(clients.writes, objects.bucket, jobRole, route, submission);
    return { jobId };
  } catch (error) {
    const refused = classify(error, 'create');
    if (refused.reason.code === 'ConflictException') {
      const jobId = await jobNamed(clients.reads, submission.key);
      if (jobId !== undefined) return { jobId };
    }
    if (refused.kind !== 'uncertain') await discard(clients, objects.bucket, submission.key);
    throw refused;
  }
}

async function create(
  client: BedrockClient,
  bucket: string,
  roleArn: string,
  { modelId, invocationType }: Route,
  { key, createDeadlineMs }: Submission,
): Promise<string> {
  const answer: unknown = await client.send(
    new CreateModelInvocationJobCommand({
      // Both unique: a second call with this key makes no second job.
      jobName: key,
      clientRequestToken: key,
      roleArn,
      modelId,
      modelInvocationType: invocationType,
      inputDataConfig: {
        s3InputDataConfig: { s3InputFormat: 'JSONL', s3Uri: `s3://${bucket}/${inputKey(key)}` },
      },
      outputDataConfig: { s3OutputDataConfig: { s3Uri: `s3://${bucket}/${outputFolder(key)}` } },
    }),
    { abortSignal: AbortSignal.timeout(Math.ceil(createDeadlineMs)) },
  );
  return createdSchema.parse(answer).jobArn;
}

/** The job that has the name already. A look that fails leaves open what it is. */
async function jobNamed(client: BedrockClient, key: string): Promise<string | undefined> {
  try {
    for await (const { id, key: name } of listNamed(client, key)) if (name === key) return id;
  } catch {
    // The conflict is what matters.
  }
  return undefined;
}

/** Best effort: the clean-up of the batch deletes it too, and the refusal is what matters. */
async function discard({ s3 }: Clients, bucket: string, key: string): Promise<void> {
  await deleteFolder(s3, bucket, key, 0).catch(() => undefined);
}

function noRole(): ProviderError {
  const message = 'Bedrock, create: the deployment names no role for its jobs: deploy it again';
  return new ProviderError('account', { code: 'job_role_missing', message });
}
