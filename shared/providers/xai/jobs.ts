import * as z from 'zod';
import { isSubmissionKey } from '../../batch/ids.ts';
import { answeredOf, type JobState, type Outcome } from '../../batch/job.ts';
import { omitUndefined } from '../../omitUndefined.ts';
import { isTime, PAGE_SIZE, readOptions, SECOND_MS, timestamp } from '../http.ts';
import { ListEntries, listPages } from '../listing.ts';
import { ifText } from '../openai/api.ts';
import type { ServiceWords } from '../openai/errors.ts';
import { cancelJob, checkJob, deleteFound, type Service, uploadsOf } from '../openai/service.ts';
import { existing, reasonOf, refusalOf } from '../openai/status.ts';
import type { ListedJob, ListingPosition } from '../provider.ts';

/**
 * xAI's own words. "Your team … has either used all available credits or reached its monthly spending
 * limit", with 429 or 403: https://github.com/continuedev/continue/issues/10373,
 * https://github.com/warpdotdev/warp/issues/14867
 */
export const WORDS: ServiceWords = {
  name: 'xAI',
  account: /\bcredits?\b|spending limit|incorrect api key|api key .*(blocked|disabled)/i,
  quota: /too many (batch(es)?|requests)|batch .*limit/i,
  input:
    /invalid|malformed|validation|not (a )?valid|unsupported|unknown|does not exist|not found/i,
};

export const BATCHES = '/batches';

/** The number of requests in the name shows when xAI has read the whole file. */
export function batchName(key: string, requests: number): string {
  return `${key}/${requests}`;
}

function parseName(name: string | null | undefined): { key?: string; requests?: number } {
  const [key = '', requests = ''] = (name ?? '').split('/');
  return isSubmissionKey(key) && /^\d+$/.test(requests) ? { key, requests: Number(requests) } : {};
}

/** An int64, which JSON may have as a text: proto/xai/api/v1/batch.proto of xai-org/xai-proto. */
const count = z
  .union([z.number(), z.string().regex(/^\d+$/).transform(Number)])
  .pipe(z.int().nonnegative())
  .nullish()
  .catch(undefined);

/**
 * A time, as the end of the second or the day in which it is. REST may give a date alone:
 * `_to_unix_timestamp` in litellm/llms/xai/batches/transformation.py of BerriAI/litellm.
 */
const latestTime = z
  .union([
    timestamp.transform((time) => time + SECOND_MS),
    z.iso
      .date()
      .transform((date) => Date.parse(date))
      .refine(isTime)
      .transform((time) => time + 24 * 60 * 60 * SECOND_MS),
  ])
  .nullish()
  .catch(undefined);

/**
 * A batch: `xaiBatchResponseZodSchema` in `xai-batch.ts` of @ai-sdk/xai, and batch.proto. It has
 * counters and no status, so they are read strictly.
 */
const wireBatchSchema = z.object({
  batch_id: z.string().min(1),
  name: ifText,
  create_time: latestTime,
  cancel_time: ifText,
  expire_time: ifText,
  cancel_by_xai_message: ifText,
  input_file_id: ifText,
  state: z
    .object({
      num_requests: count,
      num_pending: count,
      num_success: count,
      num_error: count,
      num_cancelled: count,
    })
    .nullish(),
});
type WireBatch = z.infer<typeof wireBatchSchema>;

/** The name tells whose a batch is, so it is read strictly. */
const listedBatchSchema = wireBatchSchema
  .pick({ batch_id: true, create_time: true })
  .extend({ name: z.string().nullish() });

/** The state of a batch, by xAI's answer. */
export function jobStateOf(answer: unknown): JobState {
  const batch = wireBatchSchema.parse(answer);
  const { cancel_time: cancelTime, cancel_by_xai_message: message, state } = batch;
  // Of a batch that xAI has cancelled, the input cannot be read, or the account is refused.
  if (message) return ended(batch, 'failed', { message });
  const total = state?.num_requests;
  const pending = state?.num_pending;
  if (total == null || pending == null)
    return { state: 'unknown', status: 'the batch has no counters' };
  const done = (state?.num_success ?? 0) + (state?.num_error ?? 0);
  const isAccounted = done + (state?.num_cancelled ?? 0) >= total;
  if (cancelTime && pending === 0) return ended(batch, isExpired(batch) ? 'expired' : 'cancelled');
  // Before the whole file has been read, nothing may be pending, and more is to come.
  const { requests = 1 } = parseName(batch.name);
  const isReading = !cancelTime && total < requests;
  if (isReading && done === 0) return { state: 'running', isPending: true };
  // What is neither pending nor done may be running.
  if (isReading || pending > 0 || !isAccounted) return { state: 'running', progress: done };
  return ended(batch, 'completed');
}

/** What xAI cancels when a batch expires has not been cancelled by anybody. */
function isExpired({ cancel_time: cancelled, expire_time: expires }: WireBatch): boolean {
  return Date.parse(cancelled ?? '') >= Date.parse(expires ?? '');
}

/** Results are in no file: they are listed by the id of the batch. */
function ended(
  { batch_id: jobId, state }: WireBatch,
  kind: Outcome['kind'],
  error?: { readonly message: string },
): JobState {
  const outcome = omitUndefined({
    kind,
    jobId,
    files: [jobId],
    answered: answeredOf(state?.num_success),
    reason: error && reasonOf(error, WORDS),
    refusal: error && refusalOf(error, WORDS),
  });
  return { state: 'ended', outcome };
}

export function check(service: Service, jobId: string): Promise<JobState> {
  return checkJob(service, async () =>
    jobStateOf(await service.reads.get(`${BATCHES}/${jobId}`, readOptions())),
  );
}

export function cancel(service: Service, jobId: string): Promise<void> {
  const options = { body: {}, ...readOptions() };
  return cancelJob(service, () => service.reads.post(`${BATCHES}/${jobId}:cancel`, options));
}

const paginationToken = z.string().nullish();
const batchListSchema = z.object({
  batches: z.array(z.unknown()),
  pagination_token: paginationToken,
});

/** All pages of the list: that it has an order is not documented. */
export async function* listJobs(
  { reads, classify }: Service,
  since: number,
  position?: ListingPosition,
): AsyncGenerator<ListedJob> {
  const read = async (token: string | undefined) => {
    const query = omitUndefined({ limit: PAGE_SIZE, pagination_token: token });
    try {
      return batchListSchema.parse(await reads.get(BATCHES, { query, ...readOptions() }));
    } catch (error) {
      throw classify(error, 'list');
    }
  };
  const call = 'xAI, read';
  const entries = new ListEntries(call, position);
  // The last page has an empty token, or none.
  const next = ({ pagination_token: token }: z.infer<typeof batchListSchema>) => token || undefined;
  for await (const { batches } of listPages(call, read, next, position))
    for (const { batch_id: id, ...batch } of entries.read(batches, listedBatchSchema)) {
      // A batch of unknown age may be the one that was just created.
      const { create_time: latest = since } = batch;
      if (latest !== null && latest < since) continue;
      const createdAt = Math.max(since, (latest ?? since) - SECOND_MS);
      yield { id, key: parseName(batch.name).key, createdAt };
    }
  entries.assertComplete();
}

export function deleteFiles(service: Service, jobId: string): Promise<void> {
  return deleteFound(service, async (signal) => {
    const answer = await service.reads.get(`${BATCHES}/${jobId}`, { signal });
    const { input_file_id: fileId, name } = wireBatchSchema.parse(answer);
    const { key } = parseName(name);
    // A batch need not name its input, whose name has the key.
    if (fileId || key === undefined) return existing([fileId]);
    return uploadsNamed(service, new Set([key]), 0, signal);
  });
}

export function deleteLeftovers(
  service: Service,
  keys: ReadonlySet<string>,
  since: number,
): Promise<void> {
  return deleteFound(service, (signal) => uploadsNamed(service, keys, since, signal));
}

/** More are left to their expiry: an account with so many files is a busy one. */
const MAX_FILE_PAGES = 100;

/** `XAIFileList` in litellm/llms/xai/files/transformation.py of BerriAI/litellm. */
const fileListSchema = z.object({
  data: z.array(z.unknown()),
  pagination_token: paginationToken,
});

async function uploadsNamed(
  { reads }: Service,
  keys: ReadonlySet<string>,
  since: number,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const leftIn = uploadsOf(keys, since);
  const found: string[] = [];
  let token: string | null | undefined;
  for (let page = 0; page < MAX_FILE_PAGES; page++) {
    const query = omitUndefined({ limit: PAGE_SIZE, pagination_token: token || undefined });
    const files = fileListSchema.parse(await reads.get('/files', { query, signal }));
    found.push(...leftIn(files.data));
    token = files.pagination_token;
    if (!token || files.data.length === 0) break;
  }
  return found;
}
