import { CfnOutput, Stack, Token } from 'aws-cdk-lib';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct, IConstruct } from 'constructs';
import { METADATA_KEY, type ResourceIds, type WrittenMetadata } from '../shared/handlerMetadata.ts';
import { omitUndefined } from '../shared/omitUndefined.ts';
import { PACKAGE_VERSION } from '../shared/package.ts';
import { kindOf } from '../shared/providers/kinds.ts';
import { settingsSchema } from '../shared/settings.ts';
import { logicalIdOf } from './logicalIds.ts';
import type { GrantResult } from './providers/access.ts';
import type { Api } from './resources/api.ts';
import type { Collector } from './resources/collector.ts';
import type { HandlerFunctions, HandlerResources } from './resources/functions.ts';

interface HandlerParts {
  /** The text of settings.json. */
  readonly settings: string;
  readonly resources: HandlerResources;
  readonly functions: HandlerFunctions;
  readonly schedule: IConstruct;
  readonly collector: Collector | undefined;
  readonly webhook: IConstruct | undefined;
  readonly api: Api | undefined;
  readonly access: Readonly<Record<string, GrantResult>>;
}

/**
 * Describes the handler in the metadata of its stack's template. The client library and the command
 * line read it there by the name of the stack, so that users need not declare or copy outputs.
 */
export function describeHandler(handler: Construct, parts: HandlerParts): void {
  const stack = Stack.of(handler);
  const { replaced } = parts.resources;
  const metadata: WrittenMetadata = {
    settings: JSON.stringify(JSON.parse(parts.settings)),
    version: PACKAGE_VERSION,
    // `constructsOf` has every key of ResourceIds; only keys that may be absent are dropped.
    resources: {
      ...(idsOf(handler, constructsOf(parts)) as ResourceIds),
      ...omitUndefined({ processorLog: logGroupOf(stack, parts.resources.processor) }),
    },
    ...omitUndefined({ bucketPrefix: parts.resources.bucketPrefix || undefined }),
    limits: limitsOf(parts.settings),
    ...(replaced.length > 0 && { replaced: [...replaced] }),
    secrets: secretsOf(stack, parts.access),
  };
  const others = stack.templateOptions.metadata?.[METADATA_KEY];
  stack.addMetadata(METADATA_KEY, { ...others, [handler.node.path]: metadata });
}

type Described = Exclude<keyof ResourceIds, 'processorLog'>;

function constructsOf(parts: HandlerParts): Record<Described, IConstruct | undefined> {
  const { resources, functions, schedule, collector, webhook, api } = parts;
  const { table, bucket, queues, processor } = resources;
  return {
    ...{ table, bucket, processor, ...functions, schedule, webhook },
    batchQueue: queues.intake?.queue,
    deadLetterQueue: queues.intake?.deadLetterQueue,
    workQueue: queues.worker?.queue,
    workDeadLetterQueue: queues.worker?.deadLetterQueue,
    outcomeQueue: queues.outcome.queue,
    outcomeDeadLetterQueue: queues.outcome.deadLetterQueue,
    collectorQueue: collector?.queues.queue,
    collectorDeadLetterQueue: collector?.queues.deadLetterQueue,
    collector: collector?.function,
    api: api?.function,
  };
}

function idsOf(
  handler: Construct,
  constructs: Readonly<Record<string, IConstruct | undefined>>,
): Record<string, string> {
  const stack = Stack.of(handler);
  const ids = Object.entries(constructs).map(([name, construct]) => [
    name,
    construct && (logicalIdOf(stack, construct) ?? outputOf(handler, name, construct)),
  ]);
  return Object.fromEntries(ids.filter(([, id]) => id !== undefined));
}

/** What users find a resource by, if the handler did not create it. */
const NAMES: Readonly<Record<string, (construct: IConstruct) => string>> = {
  table: (table) => (table as dynamodb.ITable).tableName,
  bucket: (bucket) => (bucket as s3.IBucket).bucketName,
  batchQueue: (queue) => (queue as sqs.IQueue).queueUrl,
  deadLetterQueue: (queue) => (queue as sqs.IQueue).queueUrl,
};

/** Declares an output with the name or URL of a resource that the stack does not own: metadata holds no references. */
function outputOf(handler: Construct, name: string, construct: IConstruct): string | undefined {
  const value = NAMES[name]?.(construct);
  if (value === undefined) return undefined;
  const description = `The ${name} of ${handler.node.path}, which this stack does not own`;
  return Stack.of(handler).resolve(
    new CfnOutput(handler, `Given-${name}`, { value, description }).logicalId,
  );
}

/** The limits of each entry, so that the client, which knows no kind of provider, can tell what is full. */
function limitsOf(settings: string): Record<string, Record<string, number>> {
  const { providers } = settingsSchema.parse(JSON.parse(settings));
  const entries = Object.entries(providers).map(([name, entry]) => [
    name,
    { ...kindOf(entry).limits, ...entry.limits },
  ]);
  return Object.fromEntries(entries);
}

/** The logical id of the log group that a function of this stack is told to write to. */
function logGroupOf(stack: Stack, target: IConstruct): string | undefined {
  const resource = target.node.defaultChild;
  if (!(resource instanceof lambda.CfnFunction) || resource.stack !== stack) return undefined;
  return stack.resolve(resource.loggingConfig)?.logGroup?.Ref;
}

/**
 * Names a secret of another stack by its ARN or its name, if one is known: metadata cannot hold
 * references.
 */
function secretsOf(stack: Stack, access: HandlerParts['access']): Record<string, string> {
  const secrets = Object.entries(access).map(([entry, { secret }]) => {
    const id = secret && logicalIdOf(stack, secret);
    const known = [secret?.secretArn, secret?.secretName];
    return [entry, id ?? known.find((each) => each !== undefined && !Token.isUnresolved(each))];
  });
  return Object.fromEntries(secrets.filter(([, secret]) => secret !== undefined));
}
