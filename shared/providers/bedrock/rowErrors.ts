import * as z from 'zod';
import { messageOf } from '../../batch/errors.ts';
import { ACCOUNT_ROW_CODE } from '../../batch/ledger.ts';
import { shortReason } from '../../batch/reason.ts';
import type { RowError } from '../translation/rows.ts';
import { isAboutAccess, isAboutQuota } from './codes.ts';

/** https://docs.aws.amazon.com/bedrock/latest/userguide/batch-inference-results.html */
const errorSchema = z.object({
  errorCode: z.union([z.number(), z.string()]),
  errorMessage: z.string().catch('Bedrock gave no message'),
});

/**
 * The errors of InvokeModel and Converse with their statuses:
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html#API_runtime_InvokeModel_Errors
 */
const STATUSES: Readonly<Record<string, number>> = {
  AccessDeniedException: 403,
  InternalServerException: 500,
  // 424 at Bedrock: the model itself failed, which may pass.
  ModelErrorException: 500,
  ModelNotReadyException: 429,
  ModelTimeoutException: 408,
  ResourceNotFoundException: 404,
  ServiceQuotaExceededException: 429,
  ServiceUnavailableException: 503,
  ThrottlingException: 429,
  ValidationException: 400,
};
const FAILED_DEPENDENCY = 424;
const UNKNOWN = 500;

/** What the `error` of a row says, in OpenAI's words. */
export function rowErrorOf(error: unknown): RowError {
  const parsed = errorSchema.safeParse(error);
  if (!parsed.success)
    return { status: UNKNOWN, code: 'unusable_answer', message: 'Bedrock, row: no error code' };
  const { errorCode, errorMessage } = parsed.data;
  const { code, message } = shortReason(`bedrock_${errorCode}`, errorMessage);
  const status = statusOf(errorCode);
  // The request itself was not looked at.
  if (status === 401 || status === 403 || (status === 400 && isAboutAccess(message)))
    return { status: 403, code: ACCOUNT_ROW_CODE, message };
  if (status === 400 && isAboutQuota(message)) return { status: 429, code, message };
  return { status, code, message };
}

/** A row whose answer cannot be read: the model may do better the next time. */
export function unusable(error: unknown): RowError {
  return { status: 502, code: 'unusable_answer', message: `Bedrock, row: ${messageOf(error)}` };
}

function statusOf(errorCode: number | string): number {
  const number = Number(errorCode);
  if (number === FAILED_DEPENDENCY) return UNKNOWN;
  if (number >= 400 && number < 600) return number;
  return STATUSES[String(errorCode)] ?? UNKNOWN;
}
