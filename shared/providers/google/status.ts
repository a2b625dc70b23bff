import * as z from 'zod';
import { type Reason, shortReason } from '../../batch/errors.ts';
import { ACCOUNT_ROW_CODE } from '../../batch/ledger.ts';
import type { RowError } from '../translation/rows.ts';
import { isAboutAccount, isAboutMissing } from './errors.ts';

/** google.rpc.Status: https://github.com/googleapis/googleapis/blob/master/google/rpc/status.proto */
export const statusSchema = z.object({
  /** Of google.rpc.Code; HTTP's, from 400, where an answer was passed on as it came. */
  code: z.number().int().nullish(),
  message: z.string().nullish(),
});
export type RpcStatus = z.infer<typeof statusSchema>;

const UNKNOWN = 500;

/** What the error of one row says, in OpenAI's words. */
export function rowErrorOf(error: RpcStatus, provider: string): RowError {
  const { code, message } = reasonOf(error, provider);
  const status = httpStatusOf(error.code ?? Number.NaN) ?? UNKNOWN;
  // The request itself was not looked at.
  if (!isAboutMissing(message) && isAboutAccount([code], message))
    return { status: 403, code: ACCOUNT_ROW_CODE, message };
  return { status, code, message };
}

export function reasonOf(error: RpcStatus, provider: string): Reason {
  const code = nameOf(error) ?? (error.code == null ? 'job_failed' : `http_${error.code}`);
  return shortReason(code, error.message || `${provider} gave no message`);
}

/** Of a job that failed under another code it was the server's own trouble, which may pass. */
const REFUSALS: Readonly<Record<string, 'permanent' | 'quota' | 'account'>> = {
  RESOURCE_EXHAUSTED: 'quota',
  PERMISSION_DENIED: 'account',
  UNAUTHENTICATED: 'account',
  INVALID_ARGUMENT: 'permanent',
  NOT_FOUND: 'permanent',
  FAILED_PRECONDITION: 'permanent',
  OUT_OF_RANGE: 'permanent',
  UNIMPLEMENTED: 'permanent',
};

/** Whether the error of a whole job says that it was refused. */
export function jobRefusalOf(error: RpcStatus): 'permanent' | 'quota' | 'account' | undefined {
  const name = nameOf(error);
  if (isAboutAccount([], error.message ?? '')) return 'account';
  return name === undefined ? undefined : REFUSALS[name];
}

function nameOf({ code }: RpcStatus): string | undefined {
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
 * HTTP statuses of these names, as code.proto has them, but for two: what was cancelled may run
 * again (408), and what is not implemented is wrong with the request (400).
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

/** What Google's proxies say of a call that was cancelled. */
const CLIENT_CLOSED = 499;

/** The HTTP status of a code of google.rpc.Code, or of HTTP from 400; undefined for another. */
export function httpStatusOf(code: number): number | undefined {
  const name = rpcNameOf(code);
  if (name !== undefined) return name === 'OK' ? undefined : HTTP_STATUSES[name];
  if (code === CLIENT_CLOSED) return HTTP_STATUSES.CANCELLED;
  return code >= 400 && code < 600 ? code : undefined;
}
