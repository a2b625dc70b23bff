import type { IncomingMessage } from 'node:http';
import { InjectedError } from '../engine/faults.ts';
import type { Simulator } from '../engine/jobServer.ts';
import type { Reply } from '../engine/router.ts';
import { CREATE_FIELDS, type Dialect, UPLOAD_FIELDS } from '../openai/dialect.ts';
import { ApiError } from '../openai/errors.ts';
import { type OpenAiOptionsInput, startOpenAiSimulator } from '../openai/index.ts';

/**
 * Starts a simulator of the Files and Batch APIs of an Azure OpenAI resource on the loopback: the
 * OpenAI simulator with Azure's dialect. Its `url` is that of the resource.
 *
 * @param options see `OpenAiOptionsInput`. Only `dataDir` has no default
 * @param now milliseconds since 1970, on which all simulated progress depends
 * @throws Error for wrong options, PlanError for an unknown outcome, EADDRINUSE for a taken port
 */
export function startAzureSimulator(
  options: OpenAiOptionsInput,
  now: () => number = Date.now,
): Promise<Simulator> {
  return startOpenAiSimulator(options, now, AZURE);
}

const DATED = /^\d{4}-\d{2}-\d{2}(-preview)?$/;
const UNDATED: readonly (string | null)[] = [null, 'v1', 'preview'];

/** Checks the path and API version of a call, and its key or token. */
function authorizer(apiKeys: readonly string[] | undefined) {
  return (request: IncomingMessage): void => {
    checkVersion(new URL(request.url ?? '/', 'http://127.0.0.1'));
    const { authorization, 'api-key': apiKey } = request.headers;
    const given = apiKey ?? /^Bearer (.+)$/.exec(authorization ?? '')?.[1];
    if (typeof given === 'string' && (apiKeys?.includes(given) ?? given !== '')) return;
    throw new ApiError(
      401,
      'Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource.',
    );
  };
}

function checkVersion({ pathname, searchParams }: URL): void {
  const version = searchParams.get('api-version');
  const isKnown = pathname.startsWith('/openai/v1/')
    ? UNDATED.includes(version)
    : pathname.startsWith('/openai/') && DATED.test(version ?? '');
  // The route that injects faults is not part of the API.
  if (isKnown || pathname.startsWith('/simulator/')) return;
  throw new ApiError(404, 'Resource not found');
}

/** Renders any error as Azure does: a class of errors, with the code of the error within it. */
function renderError(error: unknown): Reply {
  if (error instanceof ApiError && error.code === 'unknown_parameter') return listReply(error);
  if (error instanceof ApiError) return errorReply(error.status, error.message, error.code);
  if (error instanceof InjectedError)
    return errorReply(error.status, error.message, error.code ?? null);
  return errorReply(500, `The simulator failed: ${String(error)}`, null);
}

/**
 * A body that does not fit the API: its examples have a list of errors.
 * https://github.com/Azure/azure-rest-api-specs, AzureOpenAI/authoring/stable/2024-10-21/examples
 */
function listReply({ status, code, message, param }: ApiError): Reply {
  return { status, json: { errors: { object: 'list', data: [{ code, message, param }] } } };
}

const CLASSES: Readonly<Record<number, string>> = { 400: 'BadRequest', 403: 'Forbidden' };

function errorReply(status: number, message: string, code: string | null): Reply {
  const name = CLASSES[status] ?? String(status);
  const innererror = code === null ? undefined : { code };
  return { status, json: { error: { code: name, message, innererror } } };
}

/** https://learn.microsoft.com/azure/foundry/openai/how-to/batch */
const AZURE: Dialect = {
  name: 'Azure OpenAI',
  // Clients add /openai or /openai/v1 to the URL of the resource.
  basePath: '',
  authorizer,
  renderError,
  maxRequests: 100_000,
  minLifeSeconds: 1_209_600,
  jobEndpoints: ['/chat/completions', '/v1/chat/completions'],
  endpointOf: (url) => (url.startsWith('/v1/') ? url : `/v1${url}`),
  endpointFromLines: true,
  checkBody: checkContent,
  codes: { url: 'url_mismatch', model: 'model_mismatch' },
  keepsEmptyErrors: true,
  windows: ['24h'],
  createFields: (query) => fieldsOf(query, CREATE_FIELDS),
  uploadFields: (query) => fieldsOf(query, UPLOAD_FIELDS),
  // https://learn.microsoft.com/answers/questions/2203029: seconds to minutes
  processingMs: 150,
  cursor: 'after',
  showList: ({ has_more: hasMore, ...list }, of, query) =>
    of === 'files' && isDated(query) ? list : { ...list, has_more: hasMore },
  showBatch: (batch, query) => ({
    ...batch,
    metadata: isDated(query) ? null : batch.metadata,
    status: capitalized(batch.status),
    errors: batch.errors ?? null,
    output_file_id: batch.output_file_id ?? '',
    error_file_id: batch.error_file_id ?? '',
    request_counts:
      batch.request_counts.total > 0
        ? batch.request_counts
        : { total: null, completed: null, failed: null },
  }),
};

function isDated(query: URLSearchParams): boolean {
  return DATED.test(query.get('api-version') ?? '');
}

/** Versions with a date know no expiries. */
function fieldsOf(query: URLSearchParams, fields: readonly string[]): readonly string[] {
  return isDated(query) ? fields.filter((name) => !name.endsWith('expires_after')) : fields;
}

function checkContent({ messages }: Readonly<Record<string, unknown>>): ApiError | undefined {
  const all: readonly unknown[] = Array.isArray(messages) ? messages : [];
  const index = all.findIndex(
    (message) => (message as { content?: unknown } | null)?.content === null,
  );
  if (index < 0) return undefined;
  const param = `messages[${index}].content`;
  const message = `Invalid value for '${param}': expected a string, got null.`;
  return new ApiError(400, message, { code: 'invalid_request', param });
}

/** Turns `in_progress` into `InProgress`. */
function capitalized(status: string): string {
  return status.replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
