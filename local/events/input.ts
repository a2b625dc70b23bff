import * as z from 'zod';

/** `$`, or a path of fields and indexes: `$.detail.items[0].name` */
const PATH = /^\$(\.[^.[\]]+|\[\d+\])*$/;

const path = z
  .string()
  .regex(PATH, 'is not a supported path: write it like $.detail.name or $.list[0]');

/** What a rule hands to a target: all of the event, or what its author makes of it. */
export const inputSchema = z.object({
  Input: z.string().optional(),
  InputPath: path.optional(),
  InputTransformer: z
    .object({
      InputPathsMap: z.record(z.string(), path).default({}),
      InputTemplate: z.string(),
    })
    .optional(),
});
type TargetInput = z.infer<typeof inputSchema>;

/** The rule that an event fits, as templates may name it. */
interface Rule {
  readonly name: string;
  readonly arn: string;
}

/** A quoted text, in which a variable is a part of it, or a variable in its place. */
const PIECES = /"(?:[^"\\]|\\.)*"|<([^<>"]+)>/g;

/**
 * The text that a target gets
 * (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html).
 */
export function inputOf(target: TargetInput, event: object, rule: Rule): string {
  const { Input: constant, InputPath: part, InputTransformer: transformer } = target;
  if (constant !== undefined) return constant;
  if (part !== undefined) return JSON.stringify(at(event, part) ?? null);
  if (transformer === undefined) return JSON.stringify(event);
  const value = (name: string): unknown => {
    const variable = transformer.InputPathsMap[name];
    return variable === undefined ? reserved(name, event, rule) : at(event, variable);
  };
  return transformer.InputTemplate.replace(PIECES, (piece, name?: string) =>
    name === undefined
      ? piece.replace(/<([^<>]+)>/g, (_, inner: string) => within(value(inner)))
      : JSON.stringify(value(name) ?? null),
  );
}

/** As a part of a quoted text: without the quotes of its own. */
function within(value: unknown): string {
  if (value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return JSON.stringify(text).slice(1, -1);
}

function reserved(name: string, event: object, rule: Rule): unknown {
  const values: Record<string, unknown> = {
    'aws.events.rule-name': rule.name,
    'aws.events.rule-arn': rule.arn,
    'aws.events.event': event,
    'aws.events.event.json': event,
  };
  return values[name];
}

function at(event: object, path: string): unknown {
  const steps = path.match(/[^.[\]$]+/g) ?? [];
  return steps.reduce<unknown>(
    (value, step) => (value as Record<string, unknown> | null | undefined)?.[step],
    event,
  );
}
