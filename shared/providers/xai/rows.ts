import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import type { Outcome } from '../../batch/job.ts';
import { ACCOUNT_ROW_CODE } from '../../batch/ledger.ts';
import { answerRow, isObject, refusalRow } from '../../jsonl/rows.ts';
import { omitUndefined } from '../../omitUndefined.ts';
import { UNKNOWN_ROW_STATUS } from '../errors.ts';
import { HTTP_STATUSES, rpcNameOf } from '../google/status.ts';
import { READ_RETRIES, readOptions } from '../http.ts';
import { listPages } from '../listing.ts';
import { ifText } from '../openai/api.ts';
import { isAboutModelAccess } from '../openai/errors.ts';
import { isAboutRowAccount } from '../openai/rows.ts';
import type { Service } from '../openai/service.ts';
import { BATCHES, WORDS } from './jobs.ts';

/** Results of one page. A page is parsed as a whole, so that larger ones would need more memory. */
const RESULTS_PER_PAGE = 500;

const errorSchema = z.object({
  /** A google.rpc.Code; 0 if there is no error. */
  code: z.union([z.number(), z.string()]).nullish().catch(undefined),
  message: ifText,
});

/**
 * A result: `xaiBatchResultSchema` in `xai-batch.ts` of @ai-sdk/xai. The response is a map with one
 * key, which is named after the endpoint: `_result_to_openai_line` in
 * litellm/llms/xai/batches/transformation.py of BerriAI/litellm.
 */
const resultSchema = z.object({
  batch_request_id: z.string(),
  batch_result: z
    .object({
      response: z.record(z.string(), z.unknown()).nullish().catch(undefined),
      error: errorSchema.nullish().catch(undefined),
    })
    .nullish()
    .catch(undefined),
  error_message: ifText,
});

const pageSchema = z.object({
  results: z.array(z.unknown()),
  pagination_token: z.string().nullish(),
});
type Page = z.infer<typeof pageSchema>;

/** The rows of a batch's results, which are listed page by page. */
export async function* readRows(
  service: Service,
  { files }: Outcome,
): AsyncGenerator<readonly Uint8Array[]> {
  for (const jobId of files) {
    let asked: string | undefined;
    const read = (token: string | undefined) => {
      asked = token;
      return readPage(service, jobId, token);
    };
    // More may follow a page without results, unless it leads to itself.
    const next = ({ pagination_token: token, results }: Page) =>
      results.length === 0 && token === asked ? undefined : token || undefined;
    for await (const { results } of listPages('xAI, read', read, next))
      yield results.map((result) => rowOf(result));
  }
}

const FIRST_WAIT_MS = 200;

/** The client does not repeat a call whose answer breaks off in the middle. */
async function readPage(
  { reads, classify }: Service,
  jobId: string,
  token: string | undefined,
): Promise<Page> {
  const query = omitUndefined({ limit: RESULTS_PER_PAGE, pagination_token: token });
  for (let tries = 0; ; tries++) {
    try {
      const answer = await reads.get(`${BATCHES}/${jobId}/results`, { query, ...readOptions() });
      return pageSchema.parse(answer);
    } catch (error) {
      const failure = classify(error, 'read');
      if (failure.kind !== 'transient' || tries >= READ_RETRIES) throw failure;
    }
    await delay(FIRST_WAIT_MS * 2 ** tries);
  }
}

/** A result that cannot be read costs its own request, if it names that. */
function rowOf(result: unknown): Uint8Array {
  const read = resultSchema.safeParse(result);
  if (!read.success) return Buffer.from(JSON.stringify(result));
  const { batch_request_id: id, batch_result: found, error_message: text } = read.data;
  const [body] = Object.values(found?.response ?? {});
  if (isObject(body) && !text && !isError(found?.error)) return answerOrRefusal(id, body);
  return refused(id, found?.error?.code, text || found?.error?.message);
}

function isError(error: z.infer<typeof errorSchema> | null | undefined): boolean {
  return error != null && (error.code != null ? Number(error.code) !== 0 : Boolean(error.message));
}

/** A refusal may stand in the place of an answer: `xaiBatchTextResponseSchema` there. */
function answerOrRefusal(id: string, body: Record<string, unknown>): Uint8Array {
  const { error, code } = body;
  if (typeof error === 'string') return refused(id, typeof code === 'string' ? code : null, error);
  return answerRow(id, typeof body.id === 'string' ? body.id : id, body);
}

function refused(
  id: string,
  code: number | string | null | undefined,
  message: string | null | undefined,
): Uint8Array {
  const text = message || 'xAI gave no message';
  const name = rpcNameOf(Number(code ?? Number.NaN));
  const status = name === undefined || name === 'OK' ? UNKNOWN_ROW_STATUS : HTTP_STATUSES[name];
  if (isAboutRowAccount([], text, { status, words: WORDS }) || isAboutModelAccess(text))
    return refusalRow(id, id, { status: 403, code: ACCOUNT_ROW_CODE, message: text });
  return refusalRow(id, id, {
    status,
    code: name ?? String(code ?? 'request_failed'),
    message: text,
  });
}
