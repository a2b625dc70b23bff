import { createHash } from 'node:crypto';
import { messageOf } from '../../batch/errors.ts';
import { errorRow } from '../../jsonl/rows.ts';
import { rowErrorOf } from '../google/status.ts';
import type { JobContext } from '../provider.ts';
import { chatCompletionOf, embeddingsOf } from '../translation/gemini/response.ts';
import { answerRow, refusalRow } from '../translation/rows.ts';
import { EMBEDDINGS } from './request.ts';
import type { WireResult } from './wire.ts';

/** One result as a row of the OpenAI batch output format. */
export function rowOf(result: WireResult, job: JobContext, created: number): Buffer {
  const { key, response } = result;
  const id = requestIdOf(job.key, key);
  const error = result.error ?? result.status;
  if (response == null) {
    if (error == null)
      return errorRow(key, { code: 'request_missing', message: 'Gemini gave no answer.' });
    return refusalRow(key, id, rowErrorOf(error, 'Gemini'));
  }
  try {
    return answerRow(key, id, bodyOf(response, job, { id, created }));
  } catch (unreadable) {
    const message = `Gemini, row: ${messageOf(unreadable)}`;
    // The model may do better the next time.
    return refusalRow(key, id, { status: 502, code: 'unusable_answer', message });
  }
}

function bodyOf(
  response: NonNullable<WireResult['response']>,
  { format, endpoint, model }: JobContext,
  facts: { readonly id: string; readonly created: number },
): object {
  if (format === 'native') return response;
  return endpoint === EMBEDDINGS
    ? embeddingsOf(response, { model })
    : chatCompletionOf(response, { ...facts, model });
}

/** For answers that have no id of their own: the same whenever the row is read. */
function requestIdOf(submissionKey: string, key: string): string {
  return createHash('sha256').update(`${submissionKey} ${key}`).digest('hex').slice(0, 32);
}
