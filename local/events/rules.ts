import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { Clients } from '../emulators/emulators.ts';
import type { AsyncInvoker } from '../lambda/asyncInvoker.ts';
import type { Functions } from '../lambda/functions.ts';
import type { StackResources } from '../template/resources.ts';
import { busNameOf, type RuleTarget, type TargetInput } from '../template/schemas.ts';

/** An event as EventBridge hands it to targets. */
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

/** The rules of the stack, on all of its buses. */
export interface Rules {
  /** Resolves once every target of every rule that the event fits has it. */
  deliver(busNameOrArn: string, event: BusEnvelope): Promise<void>;
}

/** @throws Error for a target that is not in the stack */
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
      const fitting = routes.filter(({ rule }) => rule.busName === busName && rule.matches(event));
      // One target that refuses keeps the event from no other.
      await Promise.all(
        fitting.map(({ rule, target, send }) =>
          send(inputOf(target, event, rule)).catch((error: unknown) => {
            process.stderr.write(
              `rule ${rule.name}: ${target.Id} did not get the event: ${error}\n`,
            );
          }),
        ),
      );
    },
  };
}

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
