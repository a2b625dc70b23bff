import type { SettingsOf } from '../../providerSettings.ts';
import type { Dialect, RequestLine } from '../openai/dialect.ts';
import { dropping, inOrder, renaming } from '../openai/lineChanges.ts';
import type { AzureApi } from './endpoint.ts';

/** The longest there is. With an expiry, a resource keeps 10,000 files and not 500. */
const OUTPUT_SECONDS = 2_592_000;

/** What of the Batch API Azure does in its own way. */
export function azureDialect(
  settings: Pick<SettingsOf<'azure-openai'>, 'models' | 'dropFields'>,
  { isV1 }: Pick<AzureApi, 'isV1'>,
): Dialect {
  return {
    lineChange: (job) =>
      inOrder([
        dropping(settings.dropFields),
        renaming(settings, job),
        withoutNullContent,
        isV1 ? undefined : withoutVersion,
      ]),
    // Required, without a version, and of no effect: the lines say which endpoint they are for.
    // https://learn.microsoft.com/azure/foundry/openai/how-to/batch, "Create batch job"
    jobEndpoint: () => '/chat/completions',
    outputExpiresAfterSeconds: OUTPUT_SECONDS,
    isTolerant: false,
  };
}

/** Azure refuses `content: null`, which OpenAI's own answers with tool calls have. */
function withoutNullContent(line: RequestLine): RequestLine {
  const { messages } = line.body;
  if (!Array.isArray(messages) || !messages.some(hasNullContent)) return line;
  const filled = messages.map((message) =>
    hasNullContent(message) ? { ...message, content: '' } : message,
  );
  return { ...line, body: { ...line.body, messages: filled } };
}

function hasNullContent(message: unknown): message is object {
  return (message as { content?: unknown } | null)?.content === null;
}

/** Before the v1 API, lines are for /chat/completions. */
function withoutVersion(line: RequestLine): RequestLine {
  const url = line.url.replace(/^\/v1(?=\/)/, '');
  return url === line.url ? line : { ...line, url };
}
