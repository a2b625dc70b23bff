import { ANTHROPIC_VERSION, NOVA_SCHEMA, type Route } from './requests.ts';

/**
 * "Minimum number of records per batch inference job", the default quota of every model:
 * https://docs.aws.amazon.com/general/latest/gr/bedrock.html#limits_bedrock
 */
const MIN_RECORDS = 100;

export function minRecordsOf({ minRecords }: { readonly minRecords?: number | undefined }): number {
  return minRecords ?? MIN_RECORDS;
}

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

/** What one padding record is expected to be billed. */
export const PADDING_TOKENS = { inputTokens: 10, outputTokens: 1 } as const;

type Fields = Readonly<Record<string, unknown>>;

/**
 * The cheapest request that the model accepts. Bedrock bills its few tokens up to 99 times per job.
 *
 * @param example a request of the batch, which shows the format of native ones
 * @returns undefined for native requests of a format for which no cheap request is known
 */
export function paddingInput(
  { family, invocationType }: Pick<Route, 'family' | 'invocationType'>,
  example: Fields,
): Fields | undefined {
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
      return nativePadding(example);
  }
}

const PADDING_TEXT = 'Hi';
const CONVERSE_PADDING = {
  messages: [{ role: 'user', content: [{ text: PADDING_TEXT }] }],
  inferenceConfig: { maxTokens: 1 },
};

/**
 * The formats of InvokeModel by the field that holds their prompt, each with the fields that limit
 * the answer: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html
 */
const NATIVE_FORMATS: readonly {
  readonly prompt: string;
  readonly value: unknown;
  readonly limits: readonly string[];
  /** Fields without which the model refuses the request. */
  readonly kept?: readonly string[];
}[] = [
  // Mistral, OpenAI's open models, Qwen, DeepSeek
  {
    prompt: 'messages',
    value: [{ role: 'user', content: PADDING_TEXT }],
    limits: ['max_completion_tokens', 'max_tokens'],
  },
  // Llama, Mistral, DeepSeek, AI21
  { prompt: 'prompt', value: PADDING_TEXT, limits: ['max_gen_len', 'max_tokens', 'maxTokens'] },
  // Command R
  { prompt: 'message', value: PADDING_TEXT, limits: ['max_tokens'] },
  // Cohere Embed
  { prompt: 'texts', value: [PADDING_TEXT], limits: [], kept: ['input_type'] },
];

/** A field that limits the answer is needed in the example: its name differs between models. */
function nativePadding(example: Fields): Fields | undefined {
  for (const { prompt, value, limits, kept = [] } of NATIVE_FORMATS) {
    if (typeof example[prompt] !== typeof value) continue;
    const limit = limits.find((name) => example[name] !== undefined);
    if (limits.length > 0 && limit === undefined) return undefined;
    const fields = kept.filter((name) => example[name] !== undefined);
    return {
      [prompt]: value,
      ...(limit === undefined ? {} : { [limit]: 1 }),
      ...Object.fromEntries(fields.map((name) => [name, example[name]])),
    };
  }
  return undefined;
}
