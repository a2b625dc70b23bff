import { ApiError } from '../openai/errors.ts';
import type { Manner } from '../openai/manner.ts';
import { authorizer } from './authorize.ts';
import { renderError } from './errors.ts';

/** Azure's ways: https://learn.microsoft.com/azure/foundry/openai/how-to/batch */
export const AZURE: Manner = {
  name: 'Azure OpenAI',
  // The resource: the API is under /openai, or under /openai/v1.
  basePath: '',
  authorizer,
  renderError,
  maxRequests: 100_000,
  minLifeSeconds: 1_209_600,
  jobEndpoints: ['/chat/completions', '/v1/chat/completions'],
  endpointOf: (url) => (url.startsWith('/v1/') ? url : `/v1${url}`),
  linesDecide: true,
  checkBody: checkContent,
  codes: { url: 'url_mismatch', model: 'model_mismatch' },
  keepsEmptyErrors: true,
  showBatch: (batch) => ({
    ...batch,
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

/** `in_progress` as `InProgress`. */
function capitalized(status: string): string {
  return status.replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
