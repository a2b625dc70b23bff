import { omitUndefined } from '../../omitUndefined.ts';
import type { ModelFacts, ModelFactsByName } from '../settings.ts';
import type { Turn } from './chat.ts';
import { cannotExpress, type FieldCondition } from './fields.ts';

/**
 * The facts of a model, with the entry's word before the table's.
 *
 * @param names of the model: the provider's, then the one that the request uses
 * @param known what the table of its family says
 */
export function withModelFacts<Facts extends Partial<ModelFacts>>(
  modelFacts: ModelFactsByName | undefined,
  names: readonly string[],
  known: Facts,
): Facts {
  const name = [...names, '*'].find((each) => Object.hasOwn(modelFacts ?? {}, each));
  const own = name === undefined ? undefined : modelFacts?.[name];
  return { ...known, ...(own && omitUndefined(own)) };
}

/** Ends the error of what a model does not take. */
export const OR_MODEL_FACTS = ". If it does, say so in the entry's modelFacts";

/** The condition of a field that a model does not take with any value. */
export function notTaken(model: string, field: string): FieldCondition {
  return {
    field,
    isMet: () => false,
    fix: `${model} does not take it: remove it, or list "${field}" in the entry's dropFields${OR_MODEL_FACTS}`,
  };
}

export function effortCondition(
  model: string,
  { reasoningEfforts }: Pick<ModelFacts, 'reasoningEfforts'>,
): FieldCondition {
  if (reasoningEfforts.length === 0) return notTaken(model, 'reasoning_effort');
  return {
    field: 'reasoning_effort',
    isMet: (value) => reasoningEfforts.includes(String(value)),
    fix: `${model} takes ${reasoningEfforts.join(', ')}${OR_MODEL_FACTS}`,
  };
}

/** @throws RefusedError for a conversation that the model would have to go on with, and does not */
export function refusePrefill(
  turns: readonly Turn[],
  model: string,
  { prefill }: Pick<ModelFacts, 'prefill'>,
  provider: string,
): void {
  if (prefill || turns.at(-1)?.role !== 'assistant') return;
  const fix = `${model} takes no conversation that ends with the assistant: end it with a user or tool message, or use response_format to shape the answer`;
  throw cannotExpress('body.messages', provider, `${fix}${OR_MODEL_FACTS}`);
}
