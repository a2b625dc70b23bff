import * as z from 'zod';
import { type Reason, shortReason } from '../../batch/errors.ts';
import { ACCOUNT_ROW_CODE } from '../../batch/ledger.ts';
import type { RowError } from '../../jsonl/rows.ts';
import { UNKNOWN_ROW_STATUS } from '../errors.ts';
import { isAboutAccount, isAboutMissing } from './errors.ts';

/** google.rpc.Status: https://github.com/googleapis/googleapis/blob/master/google/rpc/status.proto */
export const rpcStatusSchema = z.object({
  /** A google.rpc.Code; or an HTTP status from 400, where an answer was passed on unchanged. */
  code: z.number().int().nullish().catch(undefined),
  message: z.string().nullish().catch(undefined),
});
export type RpcStatus = z.infer<typeof rpcStatusSchema>;

/** A row that failed for the state that something was in may succeed when it is tried again. */
const ROW_STATUSES: ReadonlyMap<string, number> = new Map([['FAILED_PRECONDITION', 503]]);

/** The error of one row in OpenAI's terms. */
export function rpcRowError(error: RpcStatus, provider: string): RowError {
  const { code, message } = rpcReason(error, provider);
  const status =
    ROW_STATUSES.get(code) ?? httpStatusOf(error.code ?? Number.NaN) ?? UNKNOWN_ROW_STATUS;
  // Google did not process the request itself.
  if (!isAboutMissing(message) && isAboutAccount([code], message))
    return { status: 403, code: ACCOUNT_ROW_CODE, message };
  return { status, code, message };
}

export function rpcReason(error: RpcStatus, provider: string): Reason {
  const code = rpcNameIn(error) ?? (error.code == null ? 'job_failed' : `http_${error.code}`);
  return shortReason(code, error.message || `${provider} gave no message`);
}

/** Codes with which a job was refused. Any other is the server's own failure and may pass. */
const JOB_REFUSALS: Readonly<Record<string, 'permanent' | 'quota' | 'account'>> = {
  RESOURCE_EXHAUSTED: 'quota',
  PERMISSION_DENIED: 'account',
  UNAUTHENTICATED: 'account',
  INVALID_ARGUMENT: 'permanent',
  NOT_FOUND: 'permanent',
  FAILED_PRECONDITION: 'permanent',
  OUT_OF_RANGE: 'permanent',
  UNIMPLEMENTED: 'permanent',
};

/** Why a job was refused, by its error; undefined if it was not. */
export function jobRefusalOf(error: RpcStatus): 'permanent' | 'quota' | 'account' | undefined {
  const name = rpcNameIn(error);
  if (isAboutAccount([], error.message ?? '')) return 'account';
  return name === undefined ? undefined : JOB_REFUSALS[name];
}

function rpcNameIn({ code }: RpcStatus): string | undefined {
  if (code == null) return undefined;
  const name = rpcNameOf(code);
  if (name !== undefined) return name;
  const http = httpStatusOf(code);
  return Object.entries(HTTP_STATUSES).find(([, status]) => status === http)?.[0];
}

/**
 * Names of google.rpc.Code by their numbers:
 * https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
 */
const RPC_NAMES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;
export type RpcName = (typeof RPC_NAMES)[number];

export function rpcNameOf(code: number): RpcName | undefined {
  return RPC_NAMES[code];
}

/**
 * HTTP statuses of these names as in code.proto, except for two: a cancelled request may run again
 * (408), and a feature that is not implemented is a fault of the request (400).
 */
export const HTTP_STATUSES: Readonly<Record<RpcName, number>> = {
  OK: 200,
  CANCELLED: 408,
  UNKNOWN: 500,
  INVALID_ARGUMENT: 400,
  DEADLINE_EXCEEDED: 504,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  PERMISSION_DENIED: 403,
  RESOURCE_EXHAUSTED: 429,
  FAILED_PRECONDITION: 400,
  ABORTED: 409,
  OUT_OF_RANGE: 400,
  UNIMPLEMENTED: 400,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DATA_LOSS: 500,
  UNAUTHENTICATED: 401,
};

/** The status with which Google's proxies report a cancelled call. */
const CLIENT_CLOSED = 499;

/** The HTTP status of a google.rpc.Code, or of an HTTP status from 400; undefined for others. */
export function httpStatusOf(code: number): number | undefined {
  const name = rpcNameOf(code);
  if (name !== undefined) return name === 'OK' ? undefined : HTTP_STATUSES[name];
  if (code === CLIENT_CLOSED) return HTTP_STATUSES.CANCELLED;
  return code >= 400 && code < 600 ? code : undefined;
}
