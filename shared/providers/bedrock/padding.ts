import { ANTHROPIC_VERSION, NOVA_SCHEMA, type Route } from './requests.ts';

/**
 * "Minimum number of records per batch inference job", for every model:
 * https://docs.aws.amazon.com/general/latest/gr/bedrock.html#limits_bedrock
 */
export const MIN_RECORDS = 100;

const PADDING_PREFIX = 'padding';

/**
 * The id of a padding record. A record id is alphanumeric. This one differs from every request's,
 * which is 32 hexadecimal digits, and between submissions.
 */
export function paddingId(key: string, number: number): string {
  return `${PADDING_PREFIX}${key.replaceAll(/[^a-z0-9]/g, 'x')}n${number}`;
}

export function isPadding(recordId: string): boolean {
  return recordId.startsWith(PADDING_PREFIX);
}

/**
 * The cheapest request that the model accepts. Bedrock bills its few tokens up to 99 times per job,
 * so batches of a hundred requests and more cost less. For native requests to a model of unknown
 * format, the smallest request is repeated, at its full cost.
 */
export function paddingInput(
  { family, invocationType }: Pick<Route, 'family' | 'invocationType'>,
  smallest: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  if (invocationType === 'Converse') return CONVERSE_PADDING;
  switch (family) {
    case 'claude':
      return {
        anthropic_version: ANTHROPIC_VERSION,
        max_tokens: 1,
        messages: [{ role: 'user', content: PADDING_TEXT }],
      };
    case 'nova':
      return { schemaVersion: NOVA_SCHEMA, ...CONVERSE_PADDING };
    case 'titan-embeddings':
      return { inputText: PADDING_TEXT };
    default:
      return smallest;
  }
}

const PADDING_TEXT = 'Hi';
const CONVERSE_PADDING = {
  messages: [{ role: 'user', content: [{ text: PADDING_TEXT }] }],
  inferenceConfig: { maxTokens: 1 },
};
