import { cannotExpress } from '../fields.ts';
import { takesSampling } from './models.ts';

interface Rules {
  readonly provider: string;
  readonly model: string;
  readonly dropFields: readonly string[];
}

const ALWAYS = [
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'response_format',
  'max_tokens',
  'max_completion_tokens',
  'user',
];

/** `output_config.effort`: https://platform.claude.com/docs/en/build-with-claude/effort */
const EFFORTS: readonly unknown[] = ['low', 'medium', 'high', 'xhigh', 'max'];

/** A field that Claude takes with some values only; the others may be dropped. */
interface Condition {
  readonly field: string;
  readonly isMet: (value: unknown, body: Readonly<Record<string, unknown>>) => boolean;
  readonly fix: string;
}

const CONDITIONS: readonly Condition[] = [
  {
    field: 'temperature',
    isMet: (value) => typeof value !== 'number' || value <= 1,
    fix: 'use a number from 0 to 1',
  },
  {
    // 400: "`temperature` and `top_p` cannot both be specified for this model"
    field: 'top_p',
    isMet: (_value, { temperature }) => isUnset(temperature) || temperature === 1,
    fix: 'send temperature or top_p, not both',
  },
  {
    // 400: "each stop sequence must contain non-whitespace"
    field: 'stop',
    isMet: (value) => [value].flat().every((text) => typeof text !== 'string' || !!text.trim()),
    fix: 'leave out stop sequences of nothing but white space',
  },
  {
    field: 'reasoning_effort',
    isMet: (value) => EFFORTS.includes(value),
    fix: `use one of ${EFFORTS.join(', ')}`,
  },
];

/**
 * The fields of this request that Claude can express.
 *
 * @throws RefusedError naming the first one whose value Claude does not take
 */
export function expressibleFields(
  body: Readonly<Record<string, unknown>>,
  { provider, model, dropFields }: Rules,
): ReadonlySet<string> {
  const fields = new Set(ALWAYS);
  for (const { field, isMet, fix } of CONDITIONS) {
    const value = body[field];
    const isSampling = field === 'temperature' || field === 'top_p';
    // 1 is what happens anyway; a model that takes neither is as for fields that do not exist.
    if (isUnset(value) || (isSampling && (value === 1 || !takesSampling(model)))) continue;
    if (isMet(value, body)) fields.add(field);
    else if (!dropFields.includes(field)) throw cannotExpress(`body.${field}`, provider, fix);
  }
  return fields;
}

function isUnset(value: unknown): boolean {
  return value === undefined || value === null;
}
