import { refusal } from '../../batch/errors.ts';
import { messagesRequest } from '../translation/anthropic/request.ts';
import { chatCompletionOf as messageAnswer } from '../translation/anthropic/response.ts';
import { generateContentRequest } from '../translation/gemini/request.ts';
import { chatCompletionOf as contentAnswer } from '../translation/gemini/response.ts';
import type { Family } from './model.ts';
import { REFERENCE_LABEL } from './names.ts';
import { checkNative, withoutModel } from './native.ts';
import { openLine } from './openModels.ts';
import type { Order, Route } from './route.ts';
import type { Column } from './store.ts';

export const CHAT = '/v1/chat/completions';
export const EMBEDDINGS = '/v1/embeddings';
/** https://docs.cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/batch */
const ANTHROPIC_VERSION = 'vertex-2023-10-16';

const REQUEST_COLUMNS: readonly Column[] = [
  { name: 'custom_id', type: 'STRING' },
  { name: 'request', type: 'JSON' },
];
const OPEN_COLUMNS: readonly Column[] = [
  { name: 'custom_id', type: 'STRING' },
  { name: 'method', type: 'STRING' },
  { name: 'url', type: 'STRING' },
  { name: 'body', type: 'JSON' },
];

/** The functions throw RefusedError for a model that cannot do what the endpoint asks for. */
export const FAMILIES: Record<Family, (order: Order) => Route> = {
  gemini(order) {
    const { format, name, model, store, dropFields } = chatOnly(order);
    const rules = { provider: 'Gemini on Vertex AI', dropFields, model: lastPartOf(model.id) };
    return {
      model: model.resource,
      columns: REQUEST_COLUMNS,
      line(body, reference) {
        const request =
          format === 'native'
            ? withoutModel(checkNative(body, 'contents'))
            : generateContentRequest(body, rules);
        return store === 'gcs'
          ? { request: labelled(request, reference) }
          : { custom_id: reference, request };
      },
      responseBody: (response, { reference, created }) =>
        format === 'native'
          ? response
          : contentAnswer(response, { id: `chatcmpl-${reference}`, model: name, created }),
    };
  },

  claude(order) {
    const { format, name, model, dropFields } = chatOnly(order);
    const rules = {
      provider: 'Claude on Vertex AI',
      model: undefined,
      unnamedModel: lastPartOf(model.id),
      dropFields,
    };
    return {
      model: model.resource,
      columns: REQUEST_COLUMNS,
      line(body, reference) {
        const request =
          format === 'native'
            ? withoutModel(checkNative(body, 'messages'))
            : messagesRequest(body, rules);
        return {
          custom_id: reference,
          request: { anthropic_version: ANTHROPIC_VERSION, ...request },
        };
      },
      responseBody: (response, { created }) =>
        format === 'native' ? response : messageAnswer(response, { model: name, created }),
    };
  },

  open: ({ endpoint, model }) => ({
    model: model.resource,
    columns: OPEN_COLUMNS,
    line: (body, reference) => openLine(body, { reference, endpoint, model: model.id }),
    responseBody: (response) => response,
  }),
};

/**
 * Only chats: embeddings of Gemini have no place for an id in Cloud Storage.
 *
 * @throws RefusedError for another endpoint
 */
function chatOnly(order: Order): Order {
  const { endpoint, model } = order;
  if (endpoint === CHAT) return order;
  const message = `body.model is ${model.resource} at Vertex AI, whose batch jobs do not serve ${endpoint} here: use an open embedding model, such as intfloat/multilingual-e5-large-instruct-maas`;
  throw refusal('model_refused', message);
}

/**
 * Gemini's output in Cloud Storage repeats the request and nothing else of its line, so that a
 * label of the request carries the id. A column does it in BigQuery, whose bills stay clear of it.
 */
function labelled(request: Readonly<Record<string, unknown>>, reference: string): object {
  const labels = typeof request.labels === 'object' ? request.labels : {};
  return { ...request, labels: { ...labels, [REFERENCE_LABEL]: reference } };
}

function lastPartOf(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1);
}
