import { ANTHROPIC_VERSION, NOVA_SCHEMA, type Route } from './requests.ts';

/**
 * "Minimum number of records per batch inference job", for every model:
 * https://docs.aws.amazon.com/general/latest/gr/bedrock.html#limits_bedrock
 */
export const MIN_RECORDS = 100;

const PREFIX = 'padding';

/**
 * The id of a record that is there for its number alone. A record id is alphanumeric; it cannot be
 * that of a request, which is 32 hexadecimal digits, and differs from one submission to the next.
 */
export function paddingId(key: string, number: number): string {
  return `${PREFIX}${key.replaceAll(/[^a-z0-9]/g, 'x')}n${number}`;
}

export function isPadding(recordId: string): boolean {
  return recordId.startsWith(PREFIX);
}

/**
 * The cheapest request that the model takes. Padding costs: Bedrock bills these few tokens up to 99
 * times a job, so batches of a hundred requests and more are the better ones. Of a native request
 * to a model of unknown format, `smallest` is repeated as it is, with all that it costs.
 */
export function paddingInput(
  { family, invocationType }: Pick<Route, 'family' | 'invocationType'>,
  smallest: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  if (invocationType === 'Converse') return CONVERSE;
  switch (family) {
    case 'claude':
      return {
        anthropic_version: ANTHROPIC_VERSION,
        max_tokens: 1,
        messages: [{ role: 'user', content: WORD }],
      };
    case 'nova':
      return { schemaVersion: NOVA_SCHEMA, ...CONVERSE };
    case 'titan-embeddings':
      return { inputText: WORD };
    default:
      return smallest;
  }
}

const WORD = 'Hi';
const CONVERSE = {
  messages: [{ role: 'user', content: [{ text: WORD }] }],
  inferenceConfig: { maxTokens: 1 },
};
