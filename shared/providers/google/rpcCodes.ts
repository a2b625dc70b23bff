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
