import { isNoList, messageOf, ProviderError, shortReason } from '../../batch/errors.ts';
import type { JobSize } from '../../batch/input.ts';
import type { Job } from '../../batch/job.ts';
import type { BatchEvent } from '../../batch/lifecycle/events.ts';
import type { ScratchFile } from '../../batch/ports.ts';
import type { Batch, BatchFields } from '../../batch/record.ts';
import { isEnded } from '../../batch/status.ts';
import { completedLine } from '../../jsonl/checkRequest.ts';
import { selectRequests } from '../../jsonl/join.ts';
import { sliceRange } from '../../jsonl/slices.ts';
import { METRICS } from '../../metrics.ts';
import type { Provider } from '../../providers/provider.ts';
import type { Dependencies } from '../dependencies.ts';
import { logFields } from '../logFields.ts';
import { updateProvider } from '../providerState.ts';
import { type TransitionPorts, transition } from '../transition.ts';
import { jobContext, OUT_OF_TIME, rowSources, untilDeadline, type WorkTask } from './task.ts';

export type SubmitPorts = Pick<
  Dependencies,
  'objects' | 'scratch' | 'providers' | 'providerStates' | 'clock' | 'policy' | 'tokens'
>;
export type RecordJobPorts = TransitionPorts & Pick<Dependencies, 'providers' | 'log' | 'metrics'>;

/**
 * Submits the batch's unfinished requests to the provider as one job; or cuts a batch that is larger
 * than the provider takes into parts.
 */
export async function submit(
  ports: SubmitPorts,
  task: WorkTask<'submitting'>,
): Promise<BatchEvent> {
  const { batch, token } = task;
  if (batch.splitTo) return split(ports, task, batch.splitTo);
  const file = await ports.scratch.create();
  try {
    const sources = rowSources(ports, task);
    const { isAbbreviated, model } = batch.input;
    const change = isAbbreviated ? (line: Buffer) => completedLine(line, model) : undefined;
    const { requests } = await selectRequests(sources, batch.selection, file, change);
    if (requests === 0) {
      const reason = shortReason('nothing_to_submit', 'no request is left to submit');
      return { type: 'submitRefused', token, refusal: 'permanent', reason };
    }
    const provider = await ports.providers.get(batch.provider);
    await confirmList(ports, batch.provider, provider);
    return await create(ports, task, provider, { file, requests });
  } catch (error) {
    return refusalOf(error, token);
  } finally {
    await file.remove();
  }
}

/** Reads the input once. Nothing is copied: a part is a range of it. */
async function split(
  ports: SubmitPorts,
  { batch, token, deadline }: WorkTask<'submitting'>,
  size: JobSize,
): Promise<BatchEvent> {
  const { input, provider } = batch;
  const range = batch.part?.range ?? { start: 0, end: input.bytes };
  const chunks = untilDeadline(ports, ports.objects.read(input.key, range), deadline);
  const estimate = await ports.tokens.estimate(range.end - range.start);
  const parts = await sliceRange(chunks, range, size, estimate, input.model);
  const number = (value: number) => value.toLocaleString('en-US');
  const limits = [
    size.tokens && `about ${number(size.tokens)} enqueued tokens`,
    size.requests && `${number(size.requests)} enqueued requests`,
  ].filter(Boolean);
  const has = `${number(input.requests)} requests and about ${number(input.estimatedTokens)} tokens`;
  const message = `${has} are more than ${provider} takes of ${input.model ?? 'its model'}, which is ${limits.join(' and ')} as learned from its refusals: the batch was split into ${parts.length} parts`;
  return { type: 'sliced', token, parts, reason: shortReason('split_to_limit', message) };
}

/**
 * Reads the provider's list of jobs, once in the life of an entry and before its first job: by that
 * list a job is found whose answer was lost.
 *
 * @throws ProviderError `account` if the answer is no list: nothing is created at this entry then
 */
async function confirmList(
  ports: Pick<SubmitPorts, 'clock' | 'providerStates'>,
  name: string,
  provider: Provider,
): Promise<void> {
  if (provider.mayLackList) return;
  const { listedAt } = await ports.providerStates.get(name);
  if (listedAt !== undefined) return;
  const now = ports.clock.now();
  try {
    // The first job, or the end of the list, comes with its first page.
    for await (const _ of provider.listJobs(now)) break;
  } catch (error) {
    throw isNoList(error) ? listNotUnderstood(name, error) : error;
  }
  await updateProvider(ports, name, (state) => ({ ...state, listedAt: now }));
}

function listNotUnderstood(name: string, { reason }: ProviderError): ProviderError {
  const message = `the list of jobs of provider ${name} cannot be read (${reason.message}), so a job whose answer is lost could not be found and would be paid for twice: correct baseUrl and kind; for an openai-compatible service without such a list, allowMissingList accepts that`;
  return new ProviderError('account', shortReason('list_not_understood', message));
}

/** Once the create call is sent a job may exist. Only a definite answer settles whether it does. */
async function create(
  { clock, policy }: Pick<SubmitPorts, 'clock' | 'policy'>,
  { batch, token, deadline }: WorkTask<'submitting'>,
  provider: Provider,
  selected: { readonly file: ScratchFile; readonly requests: number },
): Promise<BatchEvent> {
  try {
    const { jobId } = await provider.submit({
      ...jobContext(batch),
      ...selected,
      completionWindow: batch.spec.completionWindow,
      createDeadlineMs: policy.createDeadlineSeconds * 1000,
      // A Lambda function is killed at its deadline. Any other process may have slept.
      beforeCreate() {
        if (clock.now() > deadline) throw new ProviderError('transient', OUT_OF_TIME);
      },
    });
    const job = { id: jobId, submission: batch.submission, submittedAt: clock.now() };
    return { type: 'submitted', job };
  } catch (error) {
    if (!(error instanceof ProviderError)) {
      const reason = shortReason('submit_uncertain', messageOf(error));
      return { type: 'submitUncertain', token, reason };
    }
    const event = refusalOf(error, token);
    return event.type === 'submitRefused' ? { ...event, seenIn: 'job' } : event;
  }
}

function refusalOf(error: unknown, token: string): BatchEvent {
  if (!(error instanceof ProviderError)) throw error;
  const { kind, reason } = error;
  switch (kind) {
    case 'quota':
    case 'account':
    case 'permanent':
      return { type: 'submitRefused', token, refusal: kind, reason };
    case 'uncertain':
      return { type: 'submitUncertain', token, reason };
    case 'transient':
    case 'missing':
    case 'forbidden':
      return { type: 'workFailed', token, reason };
  }
}

/** Records a job that exists at the provider. Cancels it if the record shows that it is surplus. */
export async function recordJob(
  ports: RecordJobPorts,
  { batchId, provider }: Batch,
  job: Job,
): Promise<void> {
  const { log, metrics, providers } = ports;
  const result = await transition(ports, batchId, { type: 'submitted', job });
  if (result.type !== 'ignored' || !isSurplus(result.batch, job.submission, job.id)) return;
  const { id: jobId, submission } = job;
  const fields = { ...logFields(result.batch), jobId, submission };
  log.error('surplus job found; cancelling it', fields);
  metrics.count(METRICS.surplus, 1, provider);
  try {
    await (await providers.get(provider)).cancel(jobId);
  } catch (error) {
    log.error('surplus job not cancelled', { ...fields, error: messageOf(error) });
  }
}

/**
 * Whether a job under one of the batch's keys is one too many. The record must prove it: it names
 * another job for the same key, it has given the key up because the job under it was dead, or the
 * batch has ended without the job.
 */
export function isSurplus(batch: Batch, submission: number, jobId: string): boolean {
  const { job, outcome }: BatchFields = batch;
  if (job?.id === jobId || outcome?.jobId === jobId) return false;
  if (submission < batch.submission) return true;
  return job?.submission === submission || isEnded(batch.status);
}
