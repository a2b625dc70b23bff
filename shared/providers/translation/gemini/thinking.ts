/** https://ai.google.dev/gemini-api/docs/openai#thinking: Google's own table for its OpenAI API. */

/** Of Gemini 3 and later, which say how hard to think. */
const LEVELS: Readonly<Record<string, string>> = {
  minimal: 'MINIMAL',
  low: 'LOW',
  medium: 'MEDIUM',
  high: 'HIGH',
};

/** Tokens to think with, of Gemini 2.5. */
const BUDGETS: Readonly<Record<string, number>> = {
  none: 0,
  minimal: 1_024,
  low: 1_024,
  medium: 8_192,
  high: 24_576,
};

/** The `thinkingConfig` of a `reasoning_effort`; undefined where this model has none such. */
export function thinkingConfigOf(effort: unknown, model: string): object | undefined {
  if (typeof effort !== 'string') return undefined;
  if (/gemini-2\.5/.test(model)) {
    const budget = Object.hasOwn(BUDGETS, effort) ? BUDGETS[effort] : undefined;
    // 2.5 Pro cannot be kept from thinking.
    const isPossible = budget !== undefined && (budget > 0 || !/gemini-2\.5-pro/.test(model));
    return isPossible ? { thinkingBudget: budget } : undefined;
  }
  // Neither thinks: Gemini 2.0 and 1.x.
  if (isBefore3(model)) return undefined;
  const level = Object.hasOwn(LEVELS, effort) ? LEVELS[effort] : undefined;
  return level === undefined ? undefined : { thinkingLevel: level };
}

/** By its name; one that says no version, such as `gemini-flash-latest`, is a newer one. */
export function isBefore3(model: string): boolean {
  return /gemini-[12](?!\d)/.test(model);
}
