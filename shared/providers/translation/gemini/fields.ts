import { cannotExpress } from '../fields.ts';
import { thinkingConfigOf } from './thinking.ts';

interface Rules {
  readonly provider: string;
  readonly model: string;
  readonly dropFields: readonly string[];
}

const ALWAYS = [
  'tools',
  'tool_choice',
  'response_format',
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
];

/** A field that Gemini takes with some values only; the others may be dropped. */
interface Condition {
  readonly field: string;
  readonly isMet: (value: unknown, model: string) => boolean;
  readonly fix: string;
}

/** https://ai.google.dev/api/generate-content#generationconfig */
const MAX_STOP_SEQUENCES = 5;
/** https://cloud.google.com/vertex-ai/generative-ai/docs/reference/rest/v1/GenerationConfig */
const MAX_CANDIDATES = 8;
const PENALTY = { min: -2, below: 2 };
/** `seed` is an int32. */
const SEED = { min: -(2 ** 31), max: 2 ** 31 - 1 };

const CONDITIONS: readonly Condition[] = [
  {
    field: 'n',
    isMet: (value) => isBetween(value, 1, MAX_CANDIDATES),
    fix: `use at most ${MAX_CANDIDATES}`,
  },
  {
    field: 'seed',
    isMet: (value) => isBetween(value, SEED.min, SEED.max),
    fix: `use a whole number from ${SEED.min} to ${SEED.max}`,
  },
  {
    field: 'stop',
    isMet: (value) => [value].flat().length <= MAX_STOP_SEQUENCES,
    fix: `use at most ${MAX_STOP_SEQUENCES} stop sequences`,
  },
  { field: 'presence_penalty', ...penalty() },
  { field: 'frequency_penalty', ...penalty() },
  {
    field: 'reasoning_effort',
    isMet: (value, model) => thinkingConfigOf(value, model) !== undefined,
    fix: 'use one that this Gemini model has: minimal, low, medium or high; none for 2.5 Flash',
  },
];

function penalty(): Omit<Condition, 'field'> {
  return {
    isMet: (value) => isBetween(value, PENALTY.min, PENALTY.below) && value !== PENALTY.below,
    fix: `use a number from ${PENALTY.min} to below ${PENALTY.below}`,
  };
}

/**
 * The fields of this request that Gemini can express.
 *
 * @throws RefusedError naming the first one whose value Gemini does not take
 */
export function expressibleFields(
  body: Readonly<Record<string, unknown>>,
  { provider, model, dropFields }: Rules,
): ReadonlySet<string> {
  const fields = new Set(ALWAYS);
  for (const { field, isMet, fix } of CONDITIONS) {
    const value = body[field];
    if (value === undefined || value === null) continue;
    if (isMet(value, model)) fields.add(field);
    else if (!dropFields.includes(field)) throw cannotExpress(`body.${field}`, provider, fix);
  }
  return fields;
}

/** What is no number at all is for the schema to refuse. */
function isBetween(value: unknown, min: number, max: number): boolean {
  return typeof value !== 'number' || (value >= min && value <= max);
}
