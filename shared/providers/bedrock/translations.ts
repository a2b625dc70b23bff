import { refusal } from '../../batch/errors.ts';
import { messagesRequest } from '../translation/anthropic/request.ts';
import { chatCompletionOf } from '../translation/anthropic/response.ts';
import { converseRequest } from '../translation/converse/request.ts';
import { chatCompletionOfConverse } from '../translation/converse/response.ts';
import { embeddingsOfTitan, titanRequest } from './embeddings.ts';
import type { Family } from './models.ts';
import type { Route } from './route.ts';

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

export const CHAT = '/v1/chat/completions';
export const EMBEDDINGS = '/v1/embeddings';
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
  const serves = family === 'titan-embeddings' ? EMBEDDINGS : CHAT;
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
