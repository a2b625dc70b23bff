import * as z from 'zod';
import { messageOf, shortReason } from '../../batch/errors.ts';
import type { Outcome } from '../../batch/job.ts';
import { ACCOUNT_ROW_CODE } from '../../batch/ledger.ts';
import type { ObjectStore } from '../../batch/ports.ts';
import { lineGroups } from '../../jsonl/lines.ts';
import { parseRow } from '../http.ts';
import { answerRow, type RowError, refusalRow } from '../translation/rows.ts';
import { classify, isAboutAccess, isAboutQuota } from './errors.ts';
import { isPadding } from './padding.ts';
import type { Route } from './requests.ts';

/** A line of the output, which repeats the request: that part is not looked at. */
interface OutputLine {
  readonly recordId?: unknown;
  readonly modelOutput?: unknown;
  readonly error?: unknown;
}

/** The rows of what a job wrote, without its padding. */
export async function* readRows(
  objects: ObjectStore,
  outcome: Outcome,
  route: Route,
): AsyncGenerator<readonly Uint8Array[]> {
  // Bedrock does not tell when it answered: the time of collecting stands for it.
  const created = Math.floor(Date.now() / 1000);
  for (const key of outcome.files)
    try {
      for await (const group of lineGroups(objects.read(key)))
        yield group
          .map(({ bytes }) => rowOf(parseRow(bytes), route, created))
          .filter((row) => row !== undefined);
    } catch (error) {
      throw classify(error, 'read');
    }
}

/** Undefined for padding, and for a record that has neither answer nor error: it was not run. */
function rowOf(line: OutputLine, route: Route, created: number): Buffer | undefined {
  const { recordId, modelOutput, error } = line;
  if (typeof recordId !== 'string' || isPadding(recordId)) return undefined;
  if (error != null) return refusalRow(recordId, recordId, rowErrorOf(error));
  if (modelOutput == null) return undefined;
  try {
    const body = route.responseBody(modelOutput, { recordId, created });
    return answerRow(recordId, recordId, body);
  } catch (unreadable) {
    return refusalRow(recordId, recordId, unusable(unreadable));
  }
}

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
