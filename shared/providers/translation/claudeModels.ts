import type { ModelFacts } from '../settings.ts';

const OLD: ModelFacts = {
  sampling: true,
  prefill: true,
  reasoningEfforts: [],
  schemas: false,
  maxTokens: 32_000,
};

/**
 * What Claude models take, by their names at Anthropic, Bedrock (`anthropic.claude-…`), Vertex AI
 * (`claude-…@…`) and gateways (`claude-….…`). The first pattern that matches decides, and a model
 * that matches none is newer than all of them.
 *
 * - `sampling`: models from Opus 4.7 on answer 400 ("`temperature` is deprecated for this model"),
 *   https://platform.claude.com/docs/en/about-claude/models/migration-guide
 * - `prefill`: models from 4.6 on answer 400 ("This model does not support assistant message prefill"),
 *   https://platform.claude.com/docs/en/api/errors#prefill-not-supported
 * - `reasoningEfforts`: https://platform.claude.com/docs/en/build-with-claude/effort, the list of
 *   models and the table of levels
 * - `schemas`: 4.5 and later, https://platform.claude.com/docs/en/build-with-claude/structured-outputs
 * - `maxTokens`: Anthropic requires `max_tokens`. 32,000 is the smallest maximum of all models since
 *   Claude 4, so that each of them accepts it, and only generated tokens are billed,
 *   https://platform.claude.com/docs/en/about-claude/models/overview
 */
const CLAUDE_MODELS: readonly (readonly [RegExp, ModelFacts])[] = [
  [/claude-(?:instant|v?2|3-(?:opus|sonnet|haiku))/, { ...OLD, maxTokens: 4_096 }],
  [/claude-3-5/, { ...OLD, maxTokens: 8_192 }],
  // Claude 4 and 4.1. What follows the number is a date, not another number.
  [/claude-(?:3-7|(?:opus|sonnet)-4(?:-[01])?(?!-?\d{1,2}(?!\d)))/, OLD],
  [/claude-opus-4-5/, { ...OLD, schemas: true, reasoningEfforts: ['low', 'medium', 'high'] }],
  [/claude-(?:sonnet|haiku)-4-5/, { ...OLD, schemas: true }],
  [
    /claude-(?:opus|sonnet|haiku)-4-6/,
    { ...OLD, schemas: true, prefill: false, reasoningEfforts: ['low', 'medium', 'high', 'max'] },
  ],
  [
    /claude-mythos-preview/,
    {
      ...OLD,
      schemas: true,
      prefill: false,
      sampling: false,
      reasoningEfforts: ['low', 'medium', 'high', 'max'],
    },
  ],
];

const NEWEST: ModelFacts = {
  sampling: false,
  prefill: false,
  reasoningEfforts: ['low', 'medium', 'high', 'xhigh', 'max'],
  schemas: true,
  maxTokens: 32_000,
};

/** A name without `claude` may be any model behind a gateway: the gateway decides what it takes. */
const UNKNOWN: ModelFacts = { ...NEWEST, sampling: true, prefill: true };

/** @param model the provider's name for it */
export function claudeModelFacts(model: string): ModelFacts {
  if (!model.includes('claude')) return UNKNOWN;
  const name = model.replaceAll('.', '-');
  return CLAUDE_MODELS.find(([pattern]) => pattern.test(name))?.[1] ?? NEWEST;
}
