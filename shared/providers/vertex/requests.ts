import { refusal } from '../../batch/errors.ts';
import type { Format } from '../../batch/messages.ts';
import { CHAT_COMPLETIONS } from '../provider.ts';
import { modelAt, type RequestSettings } from '../settings.ts';
import { chatCompletionOf as messageAnswer } from '../translation/claudeAnswer.ts';
import { messagesRequest } from '../translation/claudeRequest.ts';
import { chatCompletionOf as contentAnswer } from '../translation/geminiAnswer.ts';
import { generateContentRequest } from '../translation/geminiRequest.ts';
import { REFERENCE_LABEL } from './api.ts';
import type { Column } from './store.ts';

/** How a model is spoken to in a batch job. */
export type Family =
  /** GenerateContent. */
  | 'gemini'
  /** Anthropic's Messages API. */
  | 'claude'
  /** OpenAI's own format: Llama and the other open models that Google runs. */
  | 'open';

export interface Model {
  readonly family: Family;
  /** `publishers/…/models/…`, or a tuned model of a project. */
  readonly resource: string;
  /** As requests in the open models' format name it: `meta/llama-…`. */
  readonly id: string;
}

/** Publishers of models whose names tell them. */
const PUBLISHERS: readonly (readonly [RegExp, string])[] = [
  [/^gemini/, 'google'],
  [/^claude/, 'anthropic'],
  [/^llama/, 'meta'],
];
const MODEL_FAMILIES: Readonly<Record<string, Family>> = { google: 'gemini', anthropic: 'claude' };
const FULL = /^publishers\/([^/]+)\/models\/([^/]+)$/;
const SHORT = /^([^/]+)\/([^/]+)$/;
/** Tuned models are Gemini's. */
const TUNED = /^projects\/[^/]+\/locations\/[^/]+\/models\/[^/]+$/;

/**
 * A model by `gemini-…`, `claude-…`, `llama-…`, `publisher/model` or its full resource name.
 * https://docs.cloud.google.com/vertex-ai/generative-ai/docs/maas/capabilities/batch-prediction
 *
 * @throws RefusedError for a name that tells no publisher
 */
export function modelOf(name: string): Model {
  if (TUNED.test(name)) return { family: 'gemini', resource: name, id: name };
  const [, publisher = publisherOf(name), model = name] = FULL.exec(name) ?? SHORT.exec(name) ?? [];
  if (publisher === undefined || model.includes('/'))
    throw refusal(
      'model_refused',
      `body.model is ${name.slice(0, 100)} at Vertex AI, which tells no publisher: write publishers/…/models/…, or map it in the entry's models`,
    );
  return {
    family: MODEL_FAMILIES[publisher] ?? 'open',
    resource: `publishers/${publisher}/models/${model}`,
    id: `${publisher}/${model}`,
  };
}

function publisherOf(name: string): string | undefined {
  return PUBLISHERS.find(([pattern]) => pattern.test(name))?.[1];
}

/** How the requests of one job become Vertex AI's, and its answers ours. */
export interface Route {
  /** The model's resource name. */
  readonly model: string;
  /** Of the table that holds the requests, where one does. */
  readonly columns: readonly Column[];
  /**
   * One line of the input. Throws RefusedError naming the field that the model cannot express.
   *
   * @param reference what stands for the request's `custom_id`
   */
  line(body: Readonly<Record<string, unknown>>, reference: string): object;
  /** The body of the response. Throws Error for an answer that is of no use. */
  responseBody(response: unknown, facts: AnswerFacts): unknown;
}

interface AnswerFacts {
  readonly reference: string;
  /** Seconds since 1970. */
  readonly created: number;
}

/** What a translation depends on. */
export interface Order {
  readonly endpoint: string;
  readonly format: Format;
  /** As the requests name it. */
  readonly name: string;
  readonly model: Model;
  readonly store: 'gcs' | 'bigquery';
  readonly dropFields: readonly string[];
}

interface RouteSettings extends RequestSettings {
  readonly store: { readonly type: Order['store'] };
}

/** @throws RefusedError for a model that is not known, or cannot do what the endpoint asks for */
export function routeOf(
  { models, dropFields, store }: RouteSettings,
  job: { readonly endpoint: string; readonly model: string; readonly format: Format },
): Route {
  const model = modelOf(modelAt(models, job.model));
  const { endpoint, format, model: name } = job;
  return FAMILIES[model.family]({ endpoint, format, name, model, store: store.type, dropFields });
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
  if (endpoint === CHAT_COMPLETIONS) return order;
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

type Body = Readonly<Record<string, unknown>>;

/**
 * A line for Llama and other open models, whose format is OpenAI's own.
 * https://docs.cloud.google.com/vertex-ai/generative-ai/docs/maas/capabilities/batch-prediction
 *
 * @throws RefusedError for an image: their batch jobs take texts only
 */
export function openLine(
  body: Body,
  request: { readonly reference: string; readonly endpoint: string; readonly model: string },
): object {
  refuseImages(body);
  const { reference, endpoint, model } = request;
  return { custom_id: reference, method: 'POST', url: endpoint, body: { ...body, model } };
}

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

type NativeBody = Readonly<Record<string, unknown>>;

/**
 * What the model requires of every request; the rest is for it to judge.
 *
 * @throws RefusedError if the list of this name is no list
 */
export function checkNative(body: NativeBody, list: 'contents' | 'messages'): NativeBody {
  if (Array.isArray(body[list])) return body;
  throw refusal('invalid_field', `body.${list} is no list: write it as the model's own API has it`);
}

/** The model stands in the job, not in the request. */
export function withoutModel({ model: _, ...body }: NativeBody): Record<string, unknown> {
  return body;
}
