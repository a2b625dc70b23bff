import * as z from 'zod';
import { omitUndefined } from '../../omitUndefined.ts';

/** What one model takes and another of the same family refuses. */
const factsSchema = z.strictObject({
  /** The values of `reasoning_effort` that it takes. */
  reasoningEfforts: z.array(z.string().min(1)),
  /** Whether it takes `temperature` and `top_p`. */
  sampling: z.boolean(),
  /** Whether a conversation may end with a message of the assistant, which the model goes on with. */
  prefill: z.boolean(),
  /** Whether it takes JSON schemas that its answers, and the arguments of strict tools, must fit. */
  schemas: z.boolean(),
  /** The `max_tokens` of a request that sets none, where the provider requires one. */
  maxTokens: z.int().positive(),
});
export type ModelFacts = Readonly<z.infer<typeof factsSchema>>;

/** An entry's `modelFacts`. */
export const modelFactsSchema = z.record(z.string().min(1), factsSchema.partial());
export type ModelFactsByName = Readonly<z.infer<typeof modelFactsSchema>>;

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
