import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { Clients } from '../emulators/emulators.ts';
import type { AsyncInvoker } from '../lambda/asyncInvoker.ts';
import type { Functions } from '../lambda/functions.ts';
import type { StackResources } from '../template/resources.ts';
import { busNameOf, type RuleTarget, type TargetInput } from '../template/schemas.ts';

/** An event as EventBridge sends it to targets. */
interface BusEnvelope {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  /** ISO 8601. */
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: unknown;
}

/** The rules of the stack, on all its buses. */
export interface Rules {
  /** Resolves once all targets of all rules that match have got the event. */
  deliver(busNameOrArn: string, event: BusEnvelope): Promise<void>;
}

/** @throws Error if a target is not in the stack */
export function createRules(
  { rules, queues }: Pick<StackResources, 'rules' | 'queues'>,
  functions: Functions,
  asyncInvoker: Pick<AsyncInvoker, 'accept'>,
  { sqs }: Pick<Clients, 'sqs'>,
): Rules {
  const send = ({ Arn: arn }: RuleTarget, name: string): ((input: string) => Promise<void>) => {
    const queue = queues.find((each) => each.arn === arn);
    if (queue !== undefined)
      return async (body) => {
        await sqs.send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody: body }));
      };
    const target = functions.find(arn);
    if (target === undefined)
      throw new Error(`the target ${arn} of rule ${name} is not in the stack`);
    return async (payload) => void asyncInvoker.accept(target, payload);
  };
  const enabled = rules.filter((rule) => rule.enabled);
  const routes = enabled.flatMap((rule) =>
    rule.targets.map((target) => ({ rule, target, send: send(target, rule.name) })),
  );
  return {
    async deliver(busNameOrArn, event) {
      const busName = busNameOf(busNameOrArn);
      const matching = routes.filter(({ rule }) => rule.busName === busName && rule.matches(event));
      // A target that fails does not keep the event from the others.
      await Promise.all(
        matching.map(({ rule, target, send }) =>
          send(inputOf(target, event, rule)).catch((error: unknown) => {
            process.stderr.write(
              `rule ${rule.name}: the event could not be sent to the target ${target.Id}: ${error}\n`,
            );
          }),
        ),
      );
    },
  };
}

/** The rule that an event matches, to which a template may refer. */
interface Rule {
  readonly name: string;
  readonly arn: string;
}

/** A quoted text, which may contain variables, or a variable on its own. */
const PIECES = /"(?:[^"\\]|\\.)*"|<([^<>"]+)>/g;

/**
 * The input of a target:
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
 */
export function inputOf(target: TargetInput, event: object, rule: Rule): string {
  const { Input: constant, InputPath: part, InputTransformer: transformer } = target;
  if (constant !== undefined) return constant;
  if (part !== undefined) return JSON.stringify(valueAt(event, part) ?? null);
  if (transformer === undefined) return JSON.stringify(event);
  const value = (name: string): unknown => {
    const variable = transformer.InputPathsMap[name];
    return variable === undefined ? reservedVariable(name, event, rule) : valueAt(event, variable);
  };
  return transformer.InputTemplate.replace(PIECES, (piece, name?: string) =>
    name === undefined
      ? piece.replace(/<([^<>]+)>/g, (_, inner: string) => embedded(value(inner)))
      : JSON.stringify(value(name) ?? null),
  );
}

/** A value within a quoted text: JSON without its own quotes. */
function embedded(value: unknown): string {
  if (value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return JSON.stringify(text).slice(1, -1);
}

function reservedVariable(name: string, event: object, rule: Rule): unknown {
  const values: Record<string, unknown> = {
    'aws.events.rule-name': rule.name,
    'aws.events.rule-arn': rule.arn,
    'aws.events.event': event,
    'aws.events.event.json': event,
  };
  return values[name];
}

function valueAt(event: object, path: string): unknown {
  const steps = path.match(/[^.[\]$]+/g) ?? [];
  return steps.reduce<unknown>(
    (value, step) => (value as Record<string, unknown> | null | undefined)?.[step],
    event,
  );
}
