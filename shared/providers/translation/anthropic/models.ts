/**
 * What is known of Claude models by their names, as Anthropic, Bedrock (`anthropic.claude-…`) and
 * Vertex AI (`claude-…@…`) write them.
 */

/** The models that still take `temperature` and `top_p`: all up to 4.6. */
const SAMPLING = /claude-(?:instant|v?[23]|(?:opus|sonnet|haiku)-4(?!-[7-9](?!\d)))/;

/**
 * Whether a model takes `temperature` and `top_p`. Claude models from Opus 4.7 on answer 400
 * ("`temperature` is deprecated for this model"), and the SDK's types have them no more:
 * https://platform.claude.com/docs/en/about-claude/models/migration-guide. A name that is no
 * Claude model's stands for whatever a gateway makes of it.
 */
export function takesSampling(model: string): boolean {
  return !model.includes('claude') || SAMPLING.test(model);
}

/**
 * `max_tokens`, which Anthropic requires, of a request that names none. The smallest maximum of all
 * models since Claude 4, so that each of them takes it; only what is written is billed.
 * https://platform.claude.com/docs/en/about-claude/models/overview
 */
const DEFAULT_MAX_TOKENS = 32_000;

/** The maxima of older models, which are smaller. */
const OLDER_MAX_TOKENS: readonly (readonly [RegExp, number])[] = [
  [/claude-3-5/, 8_192],
  [/claude-(?:instant|v?2|3-(?:opus|sonnet|haiku))/, 4_096],
];

export function defaultMaxTokens(model: string): number {
  return OLDER_MAX_TOKENS.find(([name]) => name.test(model))?.[1] ?? DEFAULT_MAX_TOKENS;
}
