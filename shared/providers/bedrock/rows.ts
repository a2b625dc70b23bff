import * as z from 'zod';
import { shortReason } from '../../batch/errors.ts';
import type { Outcome } from '../../batch/job.ts';
import { ACCOUNT_ROW_CODE } from '../../batch/ledger.ts';
import type { ObjectStore } from '../../batch/ports.ts';
import { lineGroups } from '../../jsonl/lines.ts';
import {
  answerRow,
  billedRow,
  type RowError,
  refusalRow,
  UNUSABLE_ANSWER,
} from '../../jsonl/rows.ts';
import { type LineReader, rowsOfLine } from '../../jsonl/unreadable.ts';
import { malformedAnswer, UNKNOWN_ROW_STATUS } from '../errors.ts';
import { classify, isAboutAccess, isAboutQuota } from './errors.ts';
import { isPadding } from './padding.ts';
import type { Route } from './requests.ts';

/** A line of the output. It also repeats the request, which is not read. */
interface OutputRecord {
  readonly recordId?: unknown;
  readonly modelOutput?: unknown;
  readonly error?: unknown;
}

/** The rows of a job's output. Of its padding, only what was billed. */
export async function* readRows(
  objects: ObjectStore,
  outcome: Outcome,
  route: Route,
): AsyncGenerator<readonly Uint8Array[]> {
  // Bedrock does not say when it answered: the time of collecting is used.
  const created = Math.floor(Date.now() / 1000);
  const reader: LineReader<OutputRecord> = {
    idFields: 'recordId',
    idOf: (record) => record.recordId,
    referenceOf: (recordId) => recordId,
    rowOf: (recordId, record) =>
      isPadding(recordId)
        ? paddingRow(recordId, record, route, created)
        : rowOf(recordId, record, route, created),
  };
  for (const key of outcome.files)
    try {
      for await (const group of lineGroups(objects.read(key)))
        yield group.flatMap(({ bytes }) => rowsOfLine(bytes, reader));
    } catch (error) {
      throw classify(error, 'read');
    }
}

/** Undefined for a record that did not run: it has neither answer nor error. */
function rowOf(
  recordId: string,
  { modelOutput, error }: OutputRecord,
  route: Route,
  created: number,
): Buffer | undefined {
  if (error != null) return refusalRow(recordId, recordId, rowErrorOf(error));
  if (modelOutput == null) return undefined;
  try {
    const body = route.responseBody(modelOutput, { recordId, created });
    return answerRow(recordId, recordId, body);
  } catch (malformed) {
    return refusalRow(recordId, recordId, malformedAnswer('Bedrock', malformed));
  }
}

/** Undefined for padding that was not answered, and so is not billed. */
function paddingRow(
  recordId: string,
  { modelOutput }: OutputRecord,
  route: Route,
  created: number,
): Buffer | undefined {
  if (modelOutput == null) return undefined;
  try {
    return billedRow(recordId, route.responseBody(modelOutput, { recordId, created }));
  } catch {
    // Its tokens are not known, so the job's cost is not.
    return billedRow(recordId, {});
  }
}

/** https://docs.aws.amazon.com/bedrock/latest/userguide/batch-inference-results.html */
const rowErrorSchema = z.object({
  errorCode: z.union([z.number(), z.string()]),
  errorMessage: z.string().catch('Bedrock gave no message'),
});

/**
 * HTTP statuses of the errors of InvokeModel and Converse:
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html#API_runtime_InvokeModel_Errors
 */
const ERROR_STATUSES: Readonly<Record<string, number>> = {
  AccessDeniedException: 403,
  InternalServerException: 500,
  // 424 at Bedrock: the model itself failed, and may succeed on another try.
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

/** The `error` of a row in OpenAI's terms. */
export function rowErrorOf(error: unknown): RowError {
  const parsed = rowErrorSchema.safeParse(error);
  if (!parsed.success)
    return {
      status: UNKNOWN_ROW_STATUS,
      code: UNUSABLE_ANSWER,
      message: 'Bedrock, row: no error code',
    };
  const { errorCode, errorMessage } = parsed.data;
  const { code, message } = shortReason(`bedrock_${errorCode}`, errorMessage);
  const status = statusOf(errorCode);
  // Bedrock did not process the request itself.
  if (status === 401 || status === 403 || (status === 400 && isAboutAccess(message)))
    return { status: 403, code: ACCOUNT_ROW_CODE, message };
  if (status === 400 && isAboutQuota(message)) return { status: 429, code, message };
  return { status, code, message };
}

function statusOf(errorCode: number | string): number {
  const number = Number(errorCode);
  if (number === FAILED_DEPENDENCY) return UNKNOWN_ROW_STATUS;
  if (number >= 400 && number < 600) return number;
  return ERROR_STATUSES[String(errorCode)] ?? UNKNOWN_ROW_STATUS;
}
