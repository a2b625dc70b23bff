import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { Clients } from '../emulators/clients.ts';
import type { AsyncInvoker } from '../lambda/asyncInvoker.ts';
import type { Functions } from '../lambda/functions.ts';
import type { StackResources } from '../template/resources.ts';
import { busNameOf, type RuleTarget } from '../template/ruleSchema.ts';
import { inputOf } from './input.ts';

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
