import { refusal } from '../../batch/errors.ts';

/** The format of a model's requests and answers in a batch job. */
export type Family =
  /** GenerateContent. */
  | 'gemini'
  /** Anthropic's Messages API. */
  | 'claude'
  /** OpenAI's format, for Llama and the other open models that Google runs. */
  | 'open';

export interface Model {
  readonly family: Family;
  /** Such as `publishers/…/models/…`, or a tuned model of a project. */
  readonly resource: string;
  /** The name in requests of the open models' format, such as `meta/llama-…`. */
  readonly id: string;
}

/** The publishers of models, by the beginning of their names. */
const PUBLISHERS: readonly (readonly [RegExp, string])[] = [
  [/^gemini/, 'google'],
  [/^claude/, 'anthropic'],
  [/^llama/, 'meta'],
];
const FAMILY_OF_PUBLISHER: ReadonlyMap<string, Family> = new Map([
  ['google', 'gemini'],
  ['anthropic', 'claude'],
]);
const FULL_NAME = /^publishers\/([^/]+)\/models\/([^/]+)$/;
const SHORT_NAME = /^([^/]+)\/([^/]+)$/;
/** A tuned model, which is always a Gemini model. */
const TUNED_NAME = /^projects\/[^/]+\/locations\/[^/]+\/models\/[^/]+$/;

/**
 * Finds a model by `gemini-…`, `claude-…`, `llama-…`, `publisher/model` or its full resource name.
 * https://docs.cloud.google.com/vertex-ai/generative-ai/docs/maas/capabilities/batch-prediction
 *
 * @throws RefusedError for a name without a known publisher
 */
export function modelOf(name: string): Model {
  if (TUNED_NAME.test(name)) return { family: 'gemini', resource: name, id: name };
  const [, publisher = publisherOf(name), model = name] =
    FULL_NAME.exec(name) ?? SHORT_NAME.exec(name) ?? [];
  if (publisher === undefined || model.includes('/'))
    throw refusal(
      'model_refused',
      `body.model is ${name.slice(0, 100)} at Vertex AI, which tells no publisher: write publishers/…/models/…, or map it in the entry's models`,
    );
  return {
    family: FAMILY_OF_PUBLISHER.get(publisher) ?? 'open',
    resource: `publishers/${publisher}/models/${model}`,
    id: `${publisher}/${model}`,
  };
}

function publisherOf(name: string): string | undefined {
  return PUBLISHERS.find(([pattern]) => pattern.test(name))?.[1];
}
