import { refusal } from '../../batch/errors.ts';
import type { Format } from '../../batch/messages.ts';
import { CHAT_COMPLETIONS } from '../provider.ts';
import { modelAt, type RequestSettings } from '../settings.ts';
import { chatCompletionOfClaude } from '../translation/claudeAnswer.ts';
import { AT_OTHERS, claudeRequest } from '../translation/claudeRequest.ts';
import { withoutModel } from '../translation/fields.ts';
import { chatCompletionOfGemini } from '../translation/geminiAnswer.ts';
import { generateContentRequest } from '../translation/geminiRequest.ts';
import type { ModelFactsByName } from '../translation/modelFacts.ts';
import { REFERENCE_LABEL } from './api.ts';
import { importableRequest, readsAsTyped } from './gcsImport.ts';
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
    const { format, name, model, store, dropFields, modelFacts } = chatOnly(parameters);
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
            : generateContentRequest(body, rules);
        return isImported
          ? { request: importableRequest(labelled(request, reference)) }
          : { custom_id: reference, request };
      },
      responseBody: (response, { reference, created }) =>
        format === 'native'
          ? response
          : chatCompletionOfGemini(response, { id: `chatcmpl-${reference}`, model: name, created }),
    };
  },

  claude(parameters) {
    const { format, name, model, dropFields, modelFacts } = chatOnly(parameters);
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
          format === 'native' ? nativeRequest(body, 'messages') : claudeRequest(body, rules);
        return {
          custom_id: reference,
          request: { anthropic_version: ANTHROPIC_VERSION, ...request },
        };
      },
      responseBody: (response, { created }) =>
        format === 'native' ? response : chatCompletionOfClaude(response, { model: name, created }),
    };
  },

  // https://docs.cloud.google.com/vertex-ai/generative-ai/docs/maas/capabilities/batch-prediction
  open: ({ endpoint, model }) => ({
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
  }),
};

/**
 * Only chats are supported: an embedding of Gemini has no field for an id in Cloud Storage.
 *
 * @throws RefusedError for another endpoint
 */
function chatOnly(parameters: RouteParameters): RouteParameters {
  const { endpoint, model } = parameters;
  if (endpoint === CHAT_COMPLETIONS) return parameters;
  const message = `body.model is ${model.resource} at Vertex AI, whose batch jobs do not serve ${endpoint} here: use an open embedding model, such as intfloat/multilingual-e5-large-instruct-maas`;
  throw refusal('model_refused', message);
}

/**
 * Gemini's output in Cloud Storage repeats only the request of an input line, so a label of the
 * request carries the id. In BigQuery a column carries it, which keeps the label out of bills.
 */
function labelled(request: Body, reference: string): Record<string, unknown> {
  const labels = typeof request.labels === 'object' ? request.labels : {};
  return { ...request, labels: { ...labels, [REFERENCE_LABEL]: reference } };
}

/** The output of a tool is a text in all requests, also one that the import would read as a number. */
function importableOutput(text: string): string {
  return readsAsTyped(text) ? JSON.stringify(text) : text;
}

function lastPartOf(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1);
}

type Body = Readonly<Record<string, unknown>>;

/** @throws RefusedError for an image: batch jobs of open models accept only texts */
function refuseImages({ messages }: Body): void {
  if (!Array.isArray(messages)) return;
  for (const [index, message] of messages.entries()) {
    const parts: unknown = message?.content;
    if (!Array.isArray(parts)) continue;
    const position = parts.findIndex((part) => part?.type !== 'text');
    if (position < 0) continue;
    const place = `body.messages[${index}].content[${position}]`;
    const text = `${place} is no text, which is all that batch jobs of this model take at Vertex AI: use Gemini or Claude`;
    throw refusal('unsupported_field', text);
  }
}

/**
 * Checks what the model requires of every request, and leaves the rest to the model.
 *
 * @throws RefusedError if the list of this name is no list
 */
function nativeRequest(body: Body, list: 'contents' | 'messages'): Record<string, unknown> {
  if (Array.isArray(body[list])) return withoutModel(body);
  throw refusal('invalid_field', `body.${list} is no list: write it as the model's own API has it`);
}
