import type { ModelInvocationType } from '@aws-sdk/client-bedrock';
import * as z from 'zod';
import { refusal } from '../../batch/errors.ts';
import { CHAT_COMPLETIONS, EMBEDDINGS, type JobContext } from '../provider.ts';
import { modelAt, type RequestSettings } from '../settings.ts';
import { chatCompletionOf } from '../translation/claudeAnswer.ts';
import { messagesRequest } from '../translation/claudeRequest.ts';
import { expressible, parseBody } from '../translation/fields.ts';
import { converseRequest } from './converse.ts';
import { chatCompletionOfConverse } from './converseAnswer.ts';

/** How a model is spoken to in a batch job. */
export type Family =
  /** Anthropic's Messages API. */
  | 'claude'
  /** Amazon's `messages-v1`, which has the words of Converse. */
  | 'nova'
  | 'titan-embeddings'
  /** No translation for these: they take native requests only. */
  | 'other-embeddings'
  /** Any other that can hold a conversation, through Converse. */
  | 'converse';

/**
 * By the model's id, the id of an inference profile or an ARN, such as `amazon.nova-lite-v1:0`,
 * `us.anthropic.claude-…` and `arn:aws:bedrock:…:inference-profile/us.anthropic.claude-…`. An ARN
 * that names no model, as that of an application's inference profile, is spoken to by Converse.
 */
const FAMILIES: readonly (readonly [RegExp, Family])[] = [
  [/(^|[./])anthropic\.claude/, 'claude'],
  [/(^|[./])amazon\.titan-embed-text-v2/, 'titan-embeddings'],
  [/embed/, 'other-embeddings'],
  [/(^|[./])amazon\.nova/, 'nova'],
];

export function familyOf(modelId: string): Family {
  return FAMILIES.find(([pattern]) => pattern.test(modelId))?.[1] ?? 'converse';
}

/** How the requests of one job become Bedrock's, and its answers ours. */
export interface Route {
  /** The model's id or ARN at Bedrock. */
  readonly modelId: string;
  readonly family: Family;
  readonly invocationType: ModelInvocationType;
  /** Throws RefusedError naming the field that the model cannot express. */
  modelInput(body: Readonly<Record<string, unknown>>): Record<string, unknown>;
  /** The body of the response. Throws Error for an answer that is of no use. */
  responseBody(modelOutput: unknown, facts: AnswerFacts): unknown;
}

interface AnswerFacts {
  readonly recordId: string;
  /** Seconds since 1970. */
  readonly created: number;
}

/** @throws RefusedError for a model that cannot do what the endpoint asks for */
export function routeOf(
  { models, dropFields }: RequestSettings,
  {
    endpoint,
    model,
    format,
    options,
  }: Pick<JobContext, 'endpoint' | 'model' | 'format' | 'options'>,
): Route {
  const modelId = modelAt(models, model);
  const family = familyOf(modelId);
  if (format === 'native') {
    const { modelInvocationType: invocationType = 'InvokeModel' } = options as BedrockJobOptions;
    const responseBody = (modelOutput: unknown) => modelOutput;
    return { modelId, family, invocationType, modelInput: nativeInput, responseBody };
  }
  const translation: Translation = translationOf({ endpoint, family, model, modelId, dropFields });
  return { modelId, family, ...translation };
}

/** What a message's `options` may hold for a Bedrock job. */
export interface BedrockJobOptions {
  /**
   * What native requests are: the model's own (`InvokeModel`, the default), or those of Converse.
   * Requests in OpenAI's format are translated into what suits their model.
   */
  readonly modelInvocationType?: ModelInvocationType;
}

/** A request in the model's own format: the model stands in the job, not in the request. */
export function nativeInput({
  model: _,
  ...body
}: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return body;
}

export type Translation = Pick<Route, 'invocationType' | 'modelInput' | 'responseBody'>;

interface Order {
  readonly endpoint: string;
  readonly family: Family;
  /** As the requests name it. */
  readonly model: string;
  /** At Bedrock. */
  readonly modelId: string;
  readonly dropFields: readonly string[];
}

/** https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages.html */
export const ANTHROPIC_VERSION = 'bedrock-2023-05-31';
/** https://docs.aws.amazon.com/nova/latest/userguide/complete-request-schema.html */
export const NOVA_SCHEMA = 'messages-v1';

/**
 * Claude and Nova are invoked in their own format because a batch job of Converse takes no tools:
 * https://docs.aws.amazon.com/bedrock/latest/userguide/batch-inference.html
 *
 * @throws RefusedError for a model that cannot do what the endpoint asks for
 */
export function translationOf(order: Order): Translation {
  const { endpoint, family, modelId } = order;
  const serves = family === 'titan-embeddings' ? EMBEDDINGS : CHAT_COMPLETIONS;
  if (family === 'other-embeddings' || endpoint !== serves) {
    const message = `body.model is ${modelId} at Bedrock, which does not serve ${endpoint} here: use another model, or the format "native"`;
    throw refusal('model_refused', message);
  }
  return TRANSLATIONS[family](order);
}

const TRANSLATIONS: Record<Exclude<Family, 'other-embeddings'>, (order: Order) => Translation> = {
  claude: ({ model, modelId, dropFields }) => ({
    invocationType: 'InvokeModel',
    modelInput: (body) => ({
      anthropic_version: ANTHROPIC_VERSION,
      ...messagesRequest(body, {
        provider: 'Claude on Bedrock',
        model: undefined,
        unnamedModel: modelId,
        dropFields,
      }),
    }),
    responseBody: (output, { created }) => chatCompletionOf(output, { model, created }),
  }),

  nova: ({ model, dropFields }) => ({
    invocationType: 'InvokeModel',
    modelInput: (body) => ({
      schemaVersion: NOVA_SCHEMA,
      ...converseRequest(body, {
        provider: 'Amazon Nova on Bedrock',
        dropFields,
        tools: true,
        schemas: false,
      }),
    }),
    responseBody: converseAnswer(model),
  }),

  converse: ({ model, dropFields }) => ({
    invocationType: 'Converse',
    modelInput: (body) =>
      converseRequest(body, {
        provider: 'Converse batch jobs on Bedrock',
        dropFields,
        tools: false,
        schemas: true,
      }),
    responseBody: converseAnswer(model),
  }),

  'titan-embeddings': ({ model, dropFields }) => ({
    invocationType: 'InvokeModel',
    modelInput: (body) => titanRequest(body, { provider: 'Amazon Titan on Bedrock', dropFields }),
    responseBody: (output) => embeddingsOfTitan(output, model),
  }),
};

function converseAnswer(model: string): Route['responseBody'] {
  return (output, { recordId, created }) =>
    chatCompletionOfConverse(output, { id: `chatcmpl-${recordId}`, model, created });
}

const FIELDS = new Set(['input', 'dimensions', 'encoding_format']);
/** https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html */
const DIMENSIONS = [256, 512, 1024];

const requestSchema = z.object({
  input: z.union([z.string().min(1), z.array(z.string().min(1)).length(1)]),
  dimensions: z.literal(DIMENSIONS).nullish(),
  encoding_format: z.literal('float').nullish(),
});

/**
 * An embeddings request as one to Amazon Titan Text Embeddings V2, which takes one text.
 *
 * @throws RefusedError naming the field that Titan cannot express
 */
export function titanRequest(
  body: Readonly<Record<string, unknown>>,
  rules: { readonly provider: string; readonly dropFields: readonly string[] },
): Record<string, unknown> {
  const { input, dimensions } = parseBody(
    requestSchema,
    expressible(body, { ...rules, fields: FIELDS }),
  );
  const text = typeof input === 'string' ? input : input[0];
  if (text === undefined) throw refusal('invalid_field', 'body.input holds no text');
  // OpenAI's vectors have length 1.
  return { inputText: text, normalize: true, ...(dimensions == null ? {} : { dimensions }) };
}

const responseSchema = z.object({
  embedding: z.array(z.number()),
  inputTextTokenCount: z.number().int().nonnegative(),
});

/**
 * What Titan answered as the body of an embeddings response.
 *
 * @throws Error, without the answer's content, for one that is of no use
 */
export function embeddingsOfTitan(answer: unknown, model: string): object {
  const parsed = responseSchema.safeParse(answer);
  if (!parsed.success) throw new Error('the answer is none of Titan Text Embeddings');
  const { embedding, inputTextTokenCount: tokens } = parsed.data;
  return {
    object: 'list',
    data: [{ object: 'embedding', index: 0, embedding }],
    model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}
