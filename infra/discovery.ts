import { CfnElement, Stack, Token } from 'aws-cdk-lib';
import type { Construct, IConstruct } from 'constructs';
import { type HandlerMetadata, METADATA_KEY, type ResourceIds } from '../shared/handlerMetadata.ts';
import { PACKAGE_VERSION } from '../shared/package.ts';
import type { Collector } from './collector.ts';
import type { FunctionName } from './functionSpecs.ts';
import type { Resources } from './permissions.ts';
import type { Granted } from './providers/access.ts';

export interface Described {
  /** The text of settings.json. */
  readonly settings: string;
  readonly resources: Pick<Resources, 'table' | 'bucket' | 'queues' | 'processor'>;
  readonly functions: Readonly<Record<FunctionName, IConstruct>>;
  readonly schedule: IConstruct;
  readonly collector: Collector | undefined;
  readonly webhook: IConstruct | undefined;
  readonly access: Readonly<Record<string, Granted>>;
}

/**
 * Describes the handler in the metadata of its stack's template, where the client library and the
 * command line find it by the name of the stack alone: no output has to be declared or copied.
 */
export function describeHandler(handler: Construct, described: Described): void {
  const stack = Stack.of(handler);
  const metadata: HandlerMetadata = {
    settings: JSON.parse(described.settings),
    version: PACKAGE_VERSION,
    // Which of them there are is what the compiler knows of `partsOf`.
    resources: idsOf(stack, partsOf(described)) as ResourceIds,
    secrets: secretsOf(stack, described.access),
  };
  const others = stack.templateOptions.metadata?.[METADATA_KEY];
  stack.addMetadata(METADATA_KEY, { ...others, [handler.node.path]: metadata });
}

function partsOf(described: Described): Record<keyof ResourceIds, IConstruct | undefined> {
  const { resources, functions, schedule, collector, webhook } = described;
  const { table, bucket, queues, processor } = resources;
  return {
    ...{ table, bucket, processor, ...functions, schedule, webhook },
    batchQueue: queues.intake.queue,
    deadLetterQueue: queues.intake.deadLetterQueue,
    workQueue: queues.worker.queue,
    workDeadLetterQueue: queues.worker.deadLetterQueue,
    outcomeQueue: queues.outcome.queue,
    outcomeDeadLetterQueue: queues.outcome.deadLetterQueue,
    collectorQueue: collector?.queues.queue,
    collectorDeadLetterQueue: collector?.queues.deadLetterQueue,
    collector: collector?.function,
  };
}

function idsOf(
  stack: Stack,
  parts: Readonly<Record<string, IConstruct | undefined>>,
): Record<string, string> {
  const ids = Object.entries(parts).map(([name, part]) => [name, part && logicalId(stack, part)]);
  return Object.fromEntries(ids.filter(([, id]) => id !== undefined));
}

/** A secret of another stack by its ARN, where that is known: nothing resolves references here. */
function secretsOf(stack: Stack, access: Described['access']): Record<string, string> {
  const secrets = Object.entries(access).map(([entry, { secret }]) => {
    const id = secret && logicalId(stack, secret);
    return [entry, id ?? (Token.isUnresolved(secret?.secretArn) ? undefined : secret?.secretArn)];
  });
  return Object.fromEntries(secrets.filter(([, secret]) => secret !== undefined));
}

/** Of the resource that a construct stands for; undefined for one that is not of this stack. */
function logicalId(stack: Stack, construct: IConstruct): string | undefined {
  const child = construct.node.defaultChild;
  if (child === undefined || !CfnElement.isCfnElement(child)) return undefined;
  return child.stack === stack ? child.logicalId : undefined;
}
