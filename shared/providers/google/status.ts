import * as z from 'zod';
import { ACCOUNT_ROW_CODE } from '../../batch/ledger.ts';
import { type Reason, shortReason } from '../../batch/reason.ts';
import type { RowError } from '../translation/rows.ts';
import { isAboutAccount, isAboutMissing } from './codes.ts';
import { HTTP_STATUSES, httpStatusOf, rpcNameOf } from './rpcCodes.ts';

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
