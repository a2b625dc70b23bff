import { refusal } from '../../batch/errors.ts';
import type { Format } from '../../batch/messages.ts';
import { CHAT_COMPLETIONS, EMBEDDINGS, RESPONSES } from '../provider.ts';
import { type ModelFactsByName, modelAt, type RequestSettings } from '../settings.ts';
import { chatCompletionOfClaude } from '../translation/claudeAnswer.ts';
import { AT_OTHERS, claudeRequest } from '../translation/claudeRequest.ts';
import { chatCompletionOfGemini, embeddingsOfGemini } from '../translation/geminiAnswer.ts';
import { generateContentRequest } from '../translation/geminiRequest.ts';
import { answerBody } from '../translation/responsesAnswer.ts';
import { asChat } from '../translation/responsesRequest.ts';
import {
  type Body,
  embedding,
  importableOutput,
  labelled,
  nativeEmbedding,
  nativeRequest,
  refuseImages,
} from './bodies.ts';
import { importableRequest } from './gcsImport.ts';
import { type Family, type Model, modelOf } from './model.ts';
import type { Column } from './store.ts';

/** The translation of one job's requests and answers. */
export interface Route {
  /** The model's resource name. */
  readonly model: string;
  /** The columns of the requests' table, if they are in BigQuery. */
  readonly columns: readonly Column[];
  /** Whether all requests of a file are imported into one table: see `ImportedFile`. */
  readonly isImported: boolean;
  /**
   * One line of the input.
   *
   * @param reference the id that the request has in the output
   * @throws RefusedError naming the field that the model cannot express
   */
  line(body: Body, reference: string): InputLine;
  /** The body of the response. @throws Error for a malformed answer */
  responseBody(response: unknown, facts: RowFacts): unknown;
}

/** A line of an input; those of open models have no `request`. */
interface InputLine {
  readonly request?: Body;
  readonly [field: string]: unknown;
}

/** Facts about an answer from outside its body. */
interface RowFacts {
  readonly reference: string;
  /** Seconds since 1970. */
  readonly created: number;
}

/** What a translation depends on. */
interface RouteParameters {
  readonly endpoint: string;
  readonly format: Format;
  /** The model as the requests name it. */
  readonly name: string;
  readonly model: Model;
  readonly store: 'gcs' | 'bigquery';
  readonly dropFields: readonly string[];
  readonly modelFacts: ModelFactsByName | undefined;
}

interface RouteSettings extends RequestSettings {
  readonly store: { readonly type: RouteParameters['store'] };
}

/** @throws RefusedError for a model that is unknown or does not serve the endpoint */
export function routeOf(
  { models, dropFields, modelFacts, store }: RouteSettings,
  job: { readonly endpoint: string; readonly model: string; readonly format: Format },
): Route {
  const model = modelOf(modelAt(models, job.model));
  const { endpoint, format, model: name } = job;
  return ROUTES[model.family]({
    endpoint,
    format,
    name,
    model,
    store: store.type,
    dropFields,
    modelFacts,
  });
}

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

/** The functions throw RefusedError for a model that does not serve the endpoint. */
const ROUTES: Record<Family, (parameters: RouteParameters) => Route> = {
  gemini(parameters) {
    if (parameters.endpoint === EMBEDDINGS) return embeddingRoute(parameters);
    const { endpoint, format, name, model, store, dropFields, modelFacts } = chatOnly(parameters);
    const isImported = store === 'gcs';
    const rules = {
      provider: 'Gemini on Vertex AI',
      dropFields,
      modelFacts,
      model: lastPartOf(model.id),
      ...(isImported ? { toolOutput: importableOutput } : {}),
    };
    return {
      model: model.resource,
      columns: REQUEST_COLUMNS,
      isImported,
      line(body, reference) {
        const request =
          format === 'native'
            ? nativeRequest(body, 'contents')
            : asChat({ url: endpoint, body }, rules, (chat) => generateContentRequest(chat, rules));
        return isImported
          ? { request: importableRequest(labelled(request, reference)) }
          : { custom_id: reference, request };
      },
      responseBody: (response, { reference, created }) =>
        format === 'native'
          ? response
          : answerBody(
              endpoint,
              chatCompletionOfGemini(response, {
                id: `chatcmpl-${reference}`,
                model: name,
                created,
              }),
            ),
    };
  },

  claude(parameters) {
    const { endpoint, format, name, model, dropFields, modelFacts } = chatOnly(parameters);
    const rules = {
      provider: 'Claude on Vertex AI',
      model: undefined,
      unnamedModel: lastPartOf(model.id),
      extras: AT_OTHERS,
      dropFields,
      modelFacts,
    };
    return {
      model: model.resource,
      columns: REQUEST_COLUMNS,
      isImported: false,
      line(body, reference) {
        const request =
          format === 'native'
            ? nativeRequest(body, 'messages')
            : asChat({ url: endpoint, body }, rules, (chat) => claudeRequest(chat, rules));
        return {
          custom_id: reference,
          request: { anthropic_version: ANTHROPIC_VERSION, ...request },
        };
      },
      responseBody: (response, { created }) =>
        format === 'native'
          ? response
          : answerBody(endpoint, chatCompletionOfClaude(response, { model: name, created })),
    };
  },

  // https://docs.cloud.google.com/vertex-ai/generative-ai/docs/maas/capabilities/batch-prediction
  open({ endpoint, model }) {
    if (endpoint === RESPONSES)
      throw refusal(
        'model_refused',
        `body.model is ${model.resource} at Vertex AI, whose batch jobs do not serve ${endpoint}: use ${CHAT_COMPLETIONS}`,
      );
    return {
      model: model.resource,
      columns: OPEN_COLUMNS,
      isImported: false,
      line(body, reference) {
        refuseImages(body);
        return {
          custom_id: reference,
          method: 'POST',
          url: endpoint,
          body: { ...body, model: model.id },
        };
      },
      responseBody: (response) => response,
    };
  },
};

/**
 * Embeddings of Gemini, which carry their ids in `key`, and whose jobs read Cloud Storage only:
 * https://docs.cloud.google.com/gemini-enterprise-agent-platform/models/embeddings/batch-prediction-genai-embeddings
 *
 * @throws RefusedError for an entry with the BigQuery store
 */
function embeddingRoute({ format, name, model, store, dropFields }: RouteParameters): Route {
  if (store !== 'gcs')
    throw refusal(
      'model_refused',
      `body.model is ${model.resource} at Vertex AI, whose jobs read embeddings from Cloud Storage only: use an entry with the store gcs`,
    );
  const rules = { provider: 'Gemini on Vertex AI', dropFields };
  return {
    model: model.resource,
    columns: REQUEST_COLUMNS,
    isImported: true,
    line(body, reference) {
      const request = format === 'native' ? nativeEmbedding(body) : embedding(body, rules);
      return { key: reference, request: importableRequest(request) };
    },
    responseBody: (response) =>
      format === 'native' ? response : embeddingsOfGemini(response, name),
  };
}

/**
 * Claude has no embeddings.
 *
 * @throws RefusedError for another endpoint
 */
function chatOnly(parameters: RouteParameters): RouteParameters {
  const { endpoint, model } = parameters;
  if (endpoint === CHAT_COMPLETIONS || endpoint === RESPONSES) return parameters;
  const message = `body.model is ${model.resource} at Vertex AI, whose batch jobs do not serve ${endpoint}: use gemini-embedding-001, or an open model such as intfloat/multilingual-e5-large-instruct-maas`;
  throw refusal('model_refused', message);
}

function lastPartOf(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1);
}
