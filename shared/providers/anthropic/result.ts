import { messageOf } from '../../batch/errors.ts';
import { ACCOUNT_ROW_CODE } from '../../batch/ledger.ts';
import { errorRow } from '../../jsonl/rows.ts';
import type { JobContext } from '../provider.ts';
import { chatCompletionOf } from '../translation/anthropic/response.ts';
import { answerRow, refusalRow } from '../translation/rows.ts';
import { isAccount, rowStatusOf } from './codes.ts';
import type { WireError, WireResult } from './wire.ts';

/** One result as a row of the OpenAI batch output format. */
export function rowOf(
  reference: string,
  result: WireResult['result'],
  job: Pick<JobContext, 'format' | 'model'>,
): Buffer {
  switch (result.type) {
    case 'succeeded':
      return succeeded(reference, result.message, job);
    case 'errored':
      return errored(reference, result.error.error, result.error.request_id ?? reference);
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

/** An answer that cannot be translated would be no other the next time, and cost the same. */
const UNREADABLE_STATUS = 422;

function succeeded(
  reference: string,
  message: Readonly<Record<string, unknown>>,
  { format, model }: Pick<JobContext, 'format' | 'model'>,
): Buffer {
  const requestId = typeof message.id === 'string' ? message.id : reference;
  if (format === 'native') return answerRow(reference, requestId, message);
  try {
    const created = Math.floor(Date.now() / 1000);
    return answerRow(reference, requestId, chatCompletionOf(message, { model, created }));
  } catch (error) {
    const unreadable = { status: UNREADABLE_STATUS, code: 'unreadable_answer' };
    return refusalRow(reference, requestId, { ...unreadable, message: messageOf(error) });
  }
}

function errored(reference: string, error: WireError, requestId: string): Buffer {
  const { type } = error;
  const message = error.message ?? 'Anthropic gave no message';
  const code = error.details?.error_code ?? type;
  // An empty balance comes as `invalid_request_error`, which must not fail every request.
  if (isAccount([code, type], message))
    return errorRow(reference, { code: ACCOUNT_ROW_CODE, message });
  return refusalRow(reference, requestId, { status: rowStatusOf(type), code, message });
}
