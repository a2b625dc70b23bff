import { type ClientResponse, hc, type InferResponseType } from 'hono/client';
import type { ConsoleApi } from '../shared/console/app.ts';
import type { Failure } from '../shared/console/failure.ts';
import { SERVER_HEADER } from '../shared/console/serverHeader.ts';

/** The server that this page has its content of. Undefined until that is known. */
let server: string | undefined;

/** The server's API, typed by its routes. */
export const api = hc<ConsoleApi>('/api', {
  headers: (): Record<string, string> => (server === undefined ? {} : { [SERVER_HEADER]: server }),
});

/** Whether the server that answers is the one that has answered this page first. @param id its id */
export function isOfThisServer(id: string): boolean {
  server ??= id;
  return server === id;
}

/** What the server answered in place of what was asked for. Its message is for people. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;
  constructor(status: number, { code, message }: Failure['error']) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The content of an answer. @throws ApiError if it is an error, or if there is no answer */
export async function answerOf<Response extends ClientResponse<unknown>>(
  asked: Promise<Response>,
): Promise<InferResponseType<() => Promise<Response>>> {
  const response = await asked.catch(() => {
    throw new ApiError(0, UNREACHABLE);
  });
  if (response.ok) return (await response.json()) as InferResponseType<() => Promise<Response>>;
  throw await errorOf(response);
}

/** Of an answer that is an error. */
async function errorOf(response: ClientResponse<unknown>): Promise<ApiError> {
  const { status } = response;
  if (status === 401) return new ApiError(401, UNKNOWN);
  const body = (await response.json().catch(() => undefined)) as Failure | undefined;
  return new ApiError(status, body?.error ?? UNREADABLE);
}

const UNREACHABLE = {
  code: 'unreachable',
  message:
    'The server of this page does not answer. Start it again, and open the address that it prints.',
};
const UNKNOWN = {
  code: 'unknown_session',
  message: 'The server was started again. Open the address that it has printed.',
};
const UNREADABLE = {
  code: 'unreadable',
  message: 'The server answered what this page cannot read. Reload it.',
};
