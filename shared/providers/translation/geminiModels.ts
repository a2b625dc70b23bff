import type { ModelFacts } from '../settings.ts';

type GeminiFacts = Pick<ModelFacts, 'reasoningEfforts' | 'sampling' | 'prefill'>;

/** Models up to 3.5 take everything but some levels of thinking. */
const OLD = { sampling: true, prefill: true };
/** Answers of later ones: `temperature` and `top_p` are ignored, the others are errors. */
const NEW = { sampling: false, prefill: false };
const ALL_LEVELS = ['minimal', 'low', 'medium', 'high'];
const NO_MINIMAL = ['low', 'medium', 'high'];

/**
 * What Gemini models take, by their names. The first pattern that matches decides, and a model of
 * Gemini that matches none, such as `gemini-flash-latest`, is newer than all of them.
 *
 * - `reasoningEfforts`: https://ai.google.dev/gemini-api/docs/thinking, the table of levels, and for
 *   2.5 https://ai.google.dev/gemini-api/docs/openai#thinking. Thinking cannot be turned off for
 *   2.5 Pro, and Gemini 2.0 and 1.x do not think
 * - `sampling`, `prefill`: from 3.6 Flash on,
 *   https://docs.cloud.google.com/gemini-enterprise-agent-platform/models/gemini/3-6-flash: custom
 *   temperature, top-k and top-p are ignored, custom penalties and a last turn of the model refused
 */
const GEMINI_MODELS: readonly (readonly [RegExp, GeminiFacts])[] = [
  [/gemini-(?:1|2\.0)(?!\d)/, { ...OLD, reasoningEfforts: [] }],
  [/gemini-2\.5-pro/, { ...OLD, reasoningEfforts: ALL_LEVELS }],
  [/gemini-2\.5/, { ...OLD, reasoningEfforts: ['none', ...ALL_LEVELS] }],
  [/gemini-3-pro/, { ...OLD, reasoningEfforts: ['low', 'high'] }],
  [/gemini-3\.1-pro/, { ...OLD, reasoningEfforts: NO_MINIMAL }],
  [/gemini-3(?:\.[1-5])?-/, { ...OLD, reasoningEfforts: ALL_LEVELS }],
  [/gemini-3\.6-/, { ...NEW, reasoningEfforts: ALL_LEVELS }],
];
const NEWEST: GeminiFacts = { ...NEW, reasoningEfforts: NO_MINIMAL };

/** A name without `gemini` may be a tuned model of any version: the provider decides. */
const UNKNOWN: GeminiFacts = { ...OLD, reasoningEfforts: ALL_LEVELS };

/** @param model the provider's name for it */
export function geminiModelFacts(model: string): GeminiFacts {
  if (!model.includes('gemini')) return UNKNOWN;
  return GEMINI_MODELS.find(([pattern]) => pattern.test(model))?.[1] ?? NEWEST;
}

/** By the model's name. One without a version, such as `gemini-flash-latest`, is newer. */
export function isBefore3(model: string): boolean {
  return /gemini-[12](?!\d)/.test(model);
}

/** `thinkingLevel` of Gemini 3 and later. */
const THINKING_LEVELS: Readonly<Record<string, string>> = {
  minimal: 'MINIMAL',
  low: 'LOW',
  medium: 'MEDIUM',
  high: 'HIGH',
};

/**
 * `thinkingBudget` of Gemini 2.5, in tokens. https://ai.google.dev/gemini-api/docs/openai#thinking:
 * Google's own table for its OpenAI API.
 */
const THINKING_BUDGETS: Readonly<Record<string, number>> = {
  none: 0,
  minimal: 1_024,
  low: 1_024,
  medium: 8_192,
  high: 24_576,
};

/** The `thinkingConfig` of a `reasoning_effort`; undefined if there is none. */
export function thinkingConfigOf(effort: string | undefined, model: string): object | undefined {
  if (effort === undefined) return undefined;
  if (isBefore3(model)) {
    const budget = Object.hasOwn(THINKING_BUDGETS, effort) ? THINKING_BUDGETS[effort] : undefined;
    return budget === undefined ? undefined : { thinkingBudget: budget };
  }
  // A level that only the entry's `modelFacts` know is called what the effort is.
  const known = Object.hasOwn(THINKING_LEVELS, effort) ? THINKING_LEVELS[effort] : undefined;
  return { thinkingLevel: known ?? effort.toUpperCase() };
}
