import type Anthropic from '@anthropic-ai/sdk';
import type { Outcome } from '../../batch/job.ts';
import { ACCOUNT_ROW_CODE } from '../../batch/ledger.ts';
import { lineGroups } from '../../jsonl/lines.ts';
import { answerRow, errorRow, isObject, refusalRow } from '../../jsonl/rows.ts';
import { type LineReader, rowsOfLine, unreadableRow } from '../../jsonl/unreadable.ts';
import { downloadHeaders, resumedDownload } from '../download.ts';
import { unreadableAnswer } from '../errors.ts';
import { openWithin, READ_DEADLINE_MS } from '../http.ts';
import type { JobContext } from '../provider.ts';
import { chatCompletionOfClaude } from '../translation/claudeAnswer.ts';
import { answerBody } from '../translation/responsesAnswer.ts';
import { resultSchema, type WireError, type WireResult } from './api.ts';
import { classify, isAboutAccount, rowStatusOf } from './errors.ts';
import { readWireId } from './requests.ts';

/** The rows of an ended job in the OpenAI batch output format, under their references. */
export async function* readRows(
  client: Anthropic,
  outcome: Outcome,
  job: JobContext,
): AsyncGenerator<readonly Uint8Array[]> {
  const reader = readerFor(job);
  for (const jobId of outcome.files)
    try {
      for await (const group of lineGroups(downloadResults(client, jobId)))
        yield group.flatMap(({ bytes }) => rowsOfLine(bytes, reader));
    } catch (error) {
      throw classify(error, 'read');
    }
}

function readerFor(job: JobContext): LineReader<{ custom_id?: unknown; result?: unknown }> {
  return {
    idFields: 'custom_id',
    idOf: (line) => line.custom_id,
    referenceOf(wireId) {
      const id = readWireId(wireId);
      // A job of ours cannot contain another submission's rows.
      return id?.key === job.key ? id.reference : undefined;
    },
    rowOf(reference, { result }) {
      const known = resultSchema.safeParse(result);
      return known.success ? rowOf(reference, known.data, job) : unknownRow(reference, result);
    },
  };
}

/** A result of a type that the API did not have when this was written, or of another form. */
function unknownRow(reference: string, result: unknown): Buffer {
  const type = isObject(result) ? result.type : undefined;
  const isName = typeof type === 'string' && /^\w{1,50}$/.test(type);
  return unreadableRow(
    reference,
    isName ? `its form as a result of type ${type} is not known` : 'it has no type',
  );
}

/** The bytes of a job's results: JSON lines, in any order. */
export function downloadResults(client: Anthropic, jobId: string): AsyncGenerator<Uint8Array> {
  return resumedDownload({
    open: (signal, from) => open(client, jobId, signal, from),
    classify: (error) => classify(error, 'read'),
  });
}

async function open(
  client: Anthropic,
  jobId: string,
  signal: AbortSignal,
  from: number,
): Promise<Response> {
  // Not `batches.results`, which sends the key to whatever URL an answer names.
  const path = `/v1/messages/batches/${encodeURIComponent(jobId)}/results`;
  const headers = { accept: 'application/binary', ...downloadHeaders(from) };
  try {
    return await openWithin(READ_DEADLINE_MS, signal, (within) =>
      client.get(path, { signal: within, headers }).asResponse(),
    );
  } catch (error) {
    throw classify(error, 'read');
  }
}

/** One result as a row of the OpenAI batch output format. */
export function rowOf(
  reference: string,
  result: WireResult,
  job: Pick<JobContext, 'format' | 'model' | 'endpoint'>,
): Buffer {
  switch (result.type) {
    case 'succeeded':
      return succeeded(reference, result.message, job);
    case 'errored':
      return errored(reference, result.error.error, result.error.requestId ?? reference);
    case 'canceled':
      return errorRow(reference, {
        code: 'batch_cancelled',
        message: 'The batch was cancelled before this request ran.',
      });
    case 'expired':
      return errorRow(reference, {
        code: 'batch_expired',
        message: 'The batch expired, 24 hours after its creation, before this request ran.',
      });
  }
}

function succeeded(
  reference: string,
  message: Readonly<Record<string, unknown>>,
  { format, model, endpoint }: Pick<JobContext, 'format' | 'model' | 'endpoint'>,
): Buffer {
  const requestId = typeof message.id === 'string' ? message.id : reference;
  if (format === 'native') return answerRow(reference, requestId, message);
  try {
    const created = Math.floor(Date.now() / 1000);
    const completion = chatCompletionOfClaude(message, { model, created });
    return answerRow(reference, requestId, answerBody(endpoint, completion));
  } catch (error) {
    return refusalRow(reference, requestId, unreadableAnswer(error));
  }
}

function errored(reference: string, error: WireError, requestId: string): Buffer {
  const { type } = error;
  const message = error.message ?? 'Anthropic gave no message';
  const code = error.details?.error_code || type;
  // An empty balance comes as `invalid_request_error`, which would fail every request for good.
  if (isAboutAccount([code, type], message))
    return errorRow(reference, { code: ACCOUNT_ROW_CODE, message });
  return refusalRow(reference, requestId, { status: rowStatusOf(type), code, message });
}
