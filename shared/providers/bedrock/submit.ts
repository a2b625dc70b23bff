import { createReadStream } from 'node:fs';
import { type BedrockClient, CreateModelInvocationJobCommand } from '@aws-sdk/client-bedrock';
import { ProviderError, shortReason } from '../../batch/errors.ts';
import { type OwnPlace, ownObject } from '../../batch/ids.ts';
import type { ObjectStore, ObjectWriter } from '../../batch/ports.ts';
import { parseRequestLine } from '../../jsonl/checkRequest.ts';
import { lines } from '../../jsonl/lines.ts';
import { referenceOf } from '../../jsonl/rows.ts';
import type { Submission } from '../provider.ts';
import { type Clients, createdSchema, inputKey, outputFolder } from './api.ts';
import type { BedrockSettings } from './description.ts';
import { classify } from './errors.ts';
import { deleteFolder, listNamed } from './jobs.ts';
import { minRecordsOf, paddingId, paddingInput } from './padding.ts';
import type { Route } from './requests.ts';

/** The bucket of a job's files, the role with which it reads and writes them, and its entry. */
interface JobPlace {
  readonly objects: ObjectStore;
  /** ARN of the role that Bedrock assumes. */
  readonly jobRole: string | undefined;
  readonly settings: Pick<BedrockSettings, 'timing' | 'minRecords'>;
}

/** Writes the records into the bucket, then sends one create call. */
export async function submit(
  clients: Clients,
  { objects, jobRole, settings }: JobPlace,
  route: Route,
  submission: Submission,
): Promise<{ jobId: string }> {
  if (jobRole === undefined) throw noRole();
  await upload(objects, submission, route, minRecordsOf(settings));
  try {
    const place = { objects, roleArn: jobRole, timing: settings.timing };
    const jobId = await create(clients.writes, place, route, submission);
    return { jobId };
  } catch (error) {
    const refused = classify(error, 'create');
    if (refused.reason.code === 'ConflictException') {
      const jobId = await jobNamed(clients.reads, submission.key);
      if (jobId !== undefined) return { jobId };
    }
    if (refused.kind !== 'uncertain') await discard(clients, objects, submission.key);
    throw refused;
  }
}

interface CreatePlace {
  readonly objects: OwnPlace;
  readonly roleArn: string;
  readonly timing: BedrockSettings['timing'];
}

async function create(
  client: BedrockClient,
  { objects, roleArn, timing }: CreatePlace,
  { modelId, invocationType }: Route,
  { key, createDeadlineMs, beforeCreate }: Submission,
): Promise<string> {
  const urlOf = (ownKey: string): string => {
    const { bucket, key: wholeKey } = ownObject(objects, ownKey);
    return `s3://${bucket}/${wholeKey}`;
  };
  beforeCreate?.();
  const answer: unknown = await client.send(
    new CreateModelInvocationJobCommand({
      // Both are unique: a second call with this key creates no second job.
      jobName: key,
      clientRequestToken: key,
      roleArn,
      modelId,
      modelInvocationType: invocationType,
      // Undefined: Bedrock decides.
      timeoutDurationInHours: timing?.completionHours,
      inputDataConfig: {
        s3InputDataConfig: { s3InputFormat: 'JSONL', s3Uri: urlOf(inputKey(key)) },
      },
      outputDataConfig: { s3OutputDataConfig: { s3Uri: urlOf(outputFolder(key)) } },
    }),
    { abortSignal: AbortSignal.timeout(Math.ceil(createDeadlineMs)) },
  );
  return createdSchema.parse(answer).jobArn;
}

/** The existing job of this name. Undefined if there is none, or the listing fails. */
async function jobNamed(client: BedrockClient, key: string): Promise<string | undefined> {
  try {
    for await (const { id, key: name } of listNamed(client, key)) if (name === key) return id;
  } catch {
    // The caller throws the conflict.
  }
  return undefined;
}

/** Best effort: the clean-up of the batch deletes it too, and the caller throws the refusal. */
async function discard({ s3 }: Clients, place: OwnPlace, key: string): Promise<void> {
  await deleteFolder(s3, place, key, 0).catch(() => undefined);
}

function noRole(): ProviderError {
  const message = 'Bedrock, create: the deployment names no role for its jobs: deploy it again';
  return new ProviderError('account', { code: 'job_role_missing', message });
}

/**
 * Writes the requests to the handler's bucket as the records of a job, padded to the number that
 * Bedrock requires: https://docs.aws.amazon.com/bedrock/latest/userguide/batch-inference-data.html
 * Memory holds one request and the parts of the object that are being written.
 */
async function upload(
  objects: ObjectStore,
  { key, file }: Pick<Submission, 'key' | 'file'>,
  route: Route,
  minRecords: number,
): Promise<void> {
  const writer = objects.writer(inputKey(key));
  try {
    const { count, example } = await writeRequests(writer, file.path, route);
    if (example !== undefined && count < minRecords) {
      const padding = paddingInput(route, example);
      if (padding === undefined) throw cannotPad(count, route, minRecords);
      for (let number = count + 1; number <= minRecords; number++)
        await writer.write(recordOf(paddingId(key, number), padding));
    }
    await writer.close();
  } catch (error) {
    await writer.abort();
    throw classify(error, 'upload');
  }
}

/** @returns the number of requests, and the first of them */
async function writeRequests(writer: ObjectWriter, path: string, route: Route) {
  let count = 0;
  let example: Readonly<Record<string, unknown>> | undefined;
  for await (const { bytes } of lines(createReadStream(path))) {
    const { custom_id: customId, body } = parseRequestLine(bytes);
    const input = route.modelInput(body);
    await writer.write(recordOf(referenceOf(customId), input));
    count += 1;
    example ??= input;
  }
  return { count, example };
}

/** Copies of the batch's own requests could cost a hundred times as much as the batch. */
function cannotPad(
  count: number,
  { modelId }: Pick<Route, 'modelId'>,
  minRecords: number,
): ProviderError {
  const message = `Bedrock takes no job of fewer than ${minRecords} requests, this one has ${count}, and no cheap request to fill it up with is known for native requests to ${modelId}: give each a limit for its answer, send ${minRecords} or more, lower minRecords of the entry if the account's quota is lower, or use OpenAI's format or Converse`;
  return new ProviderError('permanent', shortReason('too_few_requests', message));
}

function recordOf(recordId: string, modelInput: object): Buffer {
  return Buffer.from(`${JSON.stringify({ recordId, modelInput })}\n`);
}
