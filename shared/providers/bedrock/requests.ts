import type { ModelInvocationType } from '@aws-sdk/client-bedrock';
import { refusal } from '../../batch/errors.ts';
import { isObject } from '../../jsonl/rows.ts';
import { CHAT_COMPLETIONS, EMBEDDINGS, type JobContext, RESPONSES } from '../provider.ts';
import type { ModelFactsByName } from '../settings.ts';
import { modelAt, type RequestSettings } from '../settings.ts';
import { chatCompletionOfClaude } from '../translation/claudeAnswer.ts';
import { AT_OTHERS, claudeRequest } from '../translation/claudeRequest.ts';
import { cannotExpress, withoutModel } from '../translation/fields.ts';
import { answerBody } from '../translation/responsesAnswer.ts';
import { asChat } from '../translation/responsesRequest.ts';
import { converseRequest } from './converse.ts';
import { chatCompletionOfConverse } from './converseAnswer.ts';
import { embeddingsOfTitan, titanRequest } from './titan.ts';

/** The format of a model's requests and answers in a batch job. */
export type Family =
  /** Anthropic's Messages API. */
  | 'claude'
  /** Amazon's `messages-v1`, which has the fields of Converse. */
  | 'nova'
  | 'titan-embeddings'
  /** Without a translation: they accept only native requests. */
  | 'other-embeddings'
  /** Converse, for all other models. */
  | 'converse';

/**
 * Families by the model's id, the id of an inference profile or an ARN, such as
 * `amazon.nova-lite-v1:0`, `us.anthropic.claude-…` and
 * `arn:aws:bedrock:…:inference-profile/us.anthropic.claude-…`. An ARN without a model's name, such as
 * that of an application's inference profile, means Converse.
 */
const FAMILY_PATTERNS: readonly (readonly [RegExp, Family])[] = [
  [/(^|[./])anthropic\.claude/, 'claude'],
  [/(^|[./])amazon\.titan-embed-text-v2/, 'titan-embeddings'],
  [/embed/, 'other-embeddings'],
  [/(^|[./])amazon\.nova/, 'nova'],
];

export function familyOf(modelId: string): Family {
  return FAMILY_PATTERNS.find(([pattern]) => pattern.test(modelId))?.[1] ?? 'converse';
}

/** The translation of one job's requests and answers. */
export interface Route {
  /** The model's id or ARN at Bedrock. */
  readonly modelId: string;
  readonly family: Family;
  readonly invocationType: ModelInvocationType;
  /** @throws RefusedError naming the field that the model cannot express */
  modelInput(body: Readonly<Record<string, unknown>>): Record<string, unknown>;
  /** The body of the response. @throws Error for a malformed answer */
  responseBody(modelOutput: unknown, facts: RowFacts): unknown;
}

/** Facts about an answer from outside its body. */
interface RowFacts {
  readonly recordId: string;
  /** Seconds since 1970. */
  readonly created: number;
}

interface BedrockRequestSettings extends RequestSettings {
  readonly allowUnsupported?: boolean | undefined;
}

/** @throws RefusedError for a model that does not serve the endpoint */
export function routeOf(
  { models, dropFields, modelFacts, allowUnsupported = false }: BedrockRequestSettings,
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
    return { modelId, family, invocationType, modelInput: withoutModel, responseBody };
  }
  const translation = translationOf({
    endpoint,
    family,
    model,
    modelId,
    dropFields,
    modelFacts,
    allowUnsupported,
  });
  const modelInput = (body: Readonly<Record<string, unknown>>) =>
    asChat({ url: endpoint, body }, { provider: 'Bedrock', dropFields }, (chat) =>
      translation.modelInput(allowUnsupported ? chat : documented(chat, family, dropFields)),
    );
  return { modelId, family, ...translation, modelInput };
}

/** What a message's `options` may hold for a Bedrock job. */
export interface BedrockJobOptions {
  /**
   * The format of native requests: the model's own (`InvokeModel`, the default) or that of Converse.
   * Requests in OpenAI's format are translated into the format of their model.
   */
  readonly modelInvocationType?: ModelInvocationType;
}

type Translation = Pick<Route, 'invocationType' | 'modelInput' | 'responseBody'>;

/** What a translation depends on. */
interface RouteParameters {
  readonly endpoint: string;
  readonly family: Family;
  /** The model as the requests name it. */
  readonly model: string;
  /** The model at Bedrock. */
  readonly modelId: string;
  readonly dropFields: readonly string[];
  readonly modelFacts: ModelFactsByName | undefined;
  readonly allowUnsupported: boolean;
}

/**
 * A request without what AWS's documentation of batch inference does not promise. Its pages
 * disagree: one says that batch inference supports neither tools nor structured output, another
 * that jobs of InvokeModel take both: https://docs.aws.amazon.com/bedrock/latest/userguide/batch-inference.html
 *
 * @throws RefusedError naming such a field, unless `dropFields` contains it
 */
function documented(
  body: Readonly<Record<string, unknown>>,
  family: Family,
  dropFields: readonly string[],
): Readonly<Record<string, unknown>> {
  const { tools, response_format: format } = body;
  const places = {
    // Converse takes none in any case, and says so itself.
    tools: family !== 'converse' && Array.isArray(tools) && tools.length > 0,
    response_format: isObject(format) && format.type === 'json_schema',
  };
  const kept: Record<string, unknown> = { ...body };
  for (const [name, isUnsupported] of Object.entries(places)) {
    if (!isUnsupported) continue;
    if (!dropFields.includes(name))
      throw cannotExpress(
        `body.${name}`,
        'batch jobs on Bedrock',
        "AWS's documentation does not say that they take it: remove it, or set allowUnsupported of the entry to true to send it all the same",
      );
    delete kept[name];
  }
  return kept;
}

/** https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages.html */
export const ANTHROPIC_VERSION = 'bedrock-2023-05-31';
/** https://docs.aws.amazon.com/nova/latest/userguide/complete-request-schema.html */
export const NOVA_SCHEMA = 'messages-v1';

/**
 * Claude and Nova are invoked in their own format because batch jobs of Converse have no tools:
 * https://docs.aws.amazon.com/bedrock/latest/userguide/batch-inference.html
 *
 * @throws RefusedError for a model that does not serve the endpoint
 */
function translationOf(parameters: RouteParameters): Translation {
  const { endpoint, family, modelId } = parameters;
  const serves = family === 'titan-embeddings' ? [EMBEDDINGS] : [CHAT_COMPLETIONS, RESPONSES];
  if (family === 'other-embeddings' || !serves.includes(endpoint)) {
    const message = `body.model is ${modelId} at Bedrock, which does not serve ${endpoint} here: use another model, or the format "native"`;
    throw refusal('model_refused', message);
  }
  return TRANSLATIONS[family](parameters);
}

const TRANSLATIONS: Record<
  Exclude<Family, 'other-embeddings'>,
  (parameters: RouteParameters) => Translation
> = {
  claude: ({ endpoint, model, modelId, dropFields, modelFacts, allowUnsupported }) => ({
    invocationType: 'InvokeModel',
    modelInput: (body) => ({
      anthropic_version: ANTHROPIC_VERSION,
      ...claudeRequest(body, {
        provider: 'Claude on Bedrock',
        model: undefined,
        unnamedModel: modelId,
        extras: { ...AT_OTHERS, cacheControl: allowUnsupported },
        dropFields,
        modelFacts,
      }),
    }),
    responseBody: (output, { created }) =>
      answerBody(endpoint, chatCompletionOfClaude(output, { model, created })),
  }),

  nova: ({ endpoint, model, dropFields }) => ({
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
    responseBody: converseAnswer(endpoint, model),
  }),

  converse: ({ endpoint, model, dropFields }) => ({
    invocationType: 'Converse',
    modelInput: (body) =>
      converseRequest(body, {
        provider: 'Converse batch jobs on Bedrock',
        dropFields,
        tools: false,
        schemas: true,
      }),
    responseBody: converseAnswer(endpoint, model),
  }),

  'titan-embeddings': ({ model, dropFields }) => ({
    invocationType: 'InvokeModel',
    modelInput: (body) => titanRequest(body, { provider: 'Amazon Titan on Bedrock', dropFields }),
    responseBody: (output) => embeddingsOfTitan(output, model),
  }),
};

function converseAnswer(endpoint: string, model: string): Route['responseBody'] {
  return (output, { recordId, created }) =>
    answerBody(
      endpoint,
      chatCompletionOfConverse(output, { id: `chatcmpl-${recordId}`, model, created }),
    );
}
