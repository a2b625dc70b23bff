import { refusal } from '../../batch/errors.ts';

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
const FAMILIES: Readonly<Record<string, Family>> = { google: 'gemini', anthropic: 'claude' };
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
    family: FAMILIES[publisher] ?? 'open',
    resource: `publishers/${publisher}/models/${model}`,
    id: `${publisher}/${model}`,
  };
}

function publisherOf(name: string): string | undefined {
  return PUBLISHERS.find(([pattern]) => pattern.test(name))?.[1];
}
