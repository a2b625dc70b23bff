import { isAbsolute } from 'node:path';
import type * as z from 'zod';
import { messageOf } from '../../shared/batch/errors.ts';
import { invalidText } from '../../shared/invalid/text.ts';
import type { Account } from './account.ts';
import { type Assembly, type SynthesizedStack, stacksOf, UnsupportedError } from './assembly.ts';
import { externalsOf, importedResources, localized } from './external.ts';
import { IDENTITIES, isNamed, type Named } from './identities.ts';
import { resolve, scopesOf } from './intrinsics.ts';
import * as schemas from './schemas.ts';
import { type BucketProperties, bucketSchema, type RuleProperties, ruleSchema } from './schemas.ts';
import { checkHandlers, type UnsupportedResource } from './unsupported.ts';

/** The resources of the stacks of a local run, with all names resolved. Those of its own stack are first. */
export interface StackResources {
  readonly tables: readonly (schemas.TableProperties & Named)[];
  readonly queues: readonly (schemas.QueueProperties & Named & { readonly url: string })[];
  readonly buckets: readonly (BucketProperties & Named)[];
  readonly secrets: readonly Named[];
  readonly functions: readonly FunctionResource[];
  readonly eventSources: readonly (schemas.EventSourceProperties & Named)[];
  readonly invokeConfigs: readonly (schemas.InvokeConfigProperties & Named)[];
  readonly schedules: readonly (schemas.ScheduleProperties & Named)[];
  readonly rules: readonly (RuleProperties & Named)[];
  readonly functionUrls: readonly (schemas.FunctionUrlProperties & { readonly url: string })[];
  /** The resources that the local run does not create. */
  readonly unsupported: readonly UnsupportedResource[];
}

/** A resource of the template, with its stack and what `Ref` and `Fn::GetAtt` give. */
interface Located extends Named {
  readonly stack: SynthesizedStack;
  readonly ref: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export type FunctionResource = schemas.FunctionProperties &
  Named & {
    /** The directory of the bundle. */
    readonly directory: string;
  };

/**
 * Reads the resources of the stacks. A resource is unsupported if the local run does not know its type
 * or could not run it as the template describes.
 *
 * @throws UnsupportedError naming the resource, if a handler would lack one of its own
 */
export function readResources(assembly: Assembly, account: Account): StackResources {
  const stacks = stacksOf(assembly);
  const scopes = scopesOf(assembly, account);
  const externals = externalsOf(assembly, scopes, account);
  const present = scopes.flatMap((scope, index) => {
    const stack = stacks[index] ?? assembly;
    return Object.entries(stack.template.Resources)
      .filter(([, { Condition }]) => Condition === undefined || scope.condition(Condition))
      .map(([logicalId, { Type: type, Properties: properties }]) => {
        const unsupported = () => ({
          ...{ stackName: stack.stackName, logicalId, type },
          arn: scope.identityOf(logicalId).arn,
        });
        return { stack, scope, logicalId, type, properties, unsupported };
      });
  });
  const unsupported: UnsupportedResource[] = present
    .filter(({ type }) => !(type in IDENTITIES))
    .map((resource) => resource.unsupported());

  const read = <T extends object, R>(
    types: readonly string[],
    schema: z.ZodType<T>,
    finish: (resource: T & Located) => R,
  ): readonly R[] =>
    present.flatMap(({ stack, scope, logicalId, type, ...resource }) => {
      if (!types.includes(type)) return [];
      try {
        const properties = parseProperties(
          schema,
          localized(resolve(resource.properties, scope), externals),
        );
        const { name, arn, ref, attributes } = scope.identityOf(logicalId);
        return [finish({ ...properties, logicalId, name, arn, ref, attributes, stack })];
      } catch (error) {
        unsupported.push({ ...resource.unsupported(), reason: messageOf(error) });
        return [];
      }
    });
  const asIs = <T>(resource: T): T => resource;

  const ownQueues = read(['AWS::SQS::Queue'], schemas.queueSchema, (queue) => ({
    ...queue,
    url: queue.ref,
  }));
  const ownTables = read(
    ['AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable'],
    schemas.tableSchema,
    asIs,
  );
  const ownBuckets = read(['AWS::S3::Bucket'], bucketSchema, asIs);
  const notified = read(['Custom::S3BucketNotifications'], schemas.notificationsSchema, asIs);
  const imported = importedResources(externals, account, [
    ...ownQueues,
    ...ownTables,
    ...ownBuckets,
  ]);
  const queues = [...ownQueues, ...imported.queues];
  const functions = read(['AWS::Lambda::Function'], schemas.functionSchema, (resource) => ({
    ...resource,
    directory: assetDirectory(resource.stack, resource.code),
  }));
  const resources = {
    tables: [...ownTables, ...imported.tables],
    queues,
    buckets: [
      ...ownBuckets.map((bucket) => withNotifications(bucket, notified)),
      ...imported.buckets,
    ],
    secrets: read(['AWS::SecretsManager::Secret'], schemas.anySchema, asIs),
    functions,
    eventSources: read(['AWS::Lambda::EventSourceMapping'], schemas.eventSourceSchema, (source) => {
      expectQueue(queues, source.queueArn);
      return expectFunction(functions, source);
    }),
    invokeConfigs: read(['AWS::Lambda::EventInvokeConfig'], schemas.invokeConfigSchema, asIs),
    schedules: read(['AWS::Scheduler::Schedule'], schemas.scheduleSchema, (schedule) =>
      expectFunction(functions, schedule),
    ),
    rules: read(['AWS::Events::Rule'], ruleSchema, (resource) => {
      for (const { Arn: arn } of resource.targets) expectTarget([...queues, ...functions], arn);
      return resource;
    }),
    functionUrls: read(['AWS::Lambda::Url'], schemas.functionUrlSchema, (resource) => ({
      ...resource,
      url: resource.attributes.FunctionUrl ?? '',
    })),
  };
  checkHandlers(stacks, unsupported, functions);
  return { ...resources, unsupported };
}

/** CDK turns a bucket's notifications on by a custom resource. */
function withNotifications<B extends BucketProperties & Named>(
  bucket: B,
  notified: readonly { readonly bucketName: string; readonly notifiesEventBridge: boolean }[],
): B {
  const own = notified.find(({ bucketName }) => bucketName === bucket.name);
  return own?.notifiesEventBridge ? { ...bucket, notifiesEventBridge: true } : bucket;
}

function parseProperties<T>(schema: z.ZodType<T>, properties: unknown): T {
  const parsed = schema.safeParse(properties);
  if (parsed.success) return parsed.data;
  throw new UnsupportedError(invalidText(parsed.error, { schema }));
}

function assetDirectory(stack: SynthesizedStack, objectKey: string): string {
  const directory = stack.assetDirectories.get(objectKey);
  if (directory === undefined || !isAbsolute(directory))
    throw new UnsupportedError(
      `its code is the object ${objectKey}, which is not in the assets manifest of ${stack.stackName}`,
    );
  return directory;
}

function expectQueue(queues: readonly Named[], queueArn: string): void {
  if (!queues.some(({ arn }) => arn === queueArn))
    throw new UnsupportedError(`it reads ${queueArn}, which is not run locally`);
}

function expectTarget(targets: readonly Named[], arn: string): void {
  if (!targets.some(({ name, arn: known }) => isNamed(arn, name, known)))
    throw new UnsupportedError(`it sends to ${arn}, which is not run locally`);
}

function expectFunction<T extends { readonly functionName: string }>(
  functions: readonly Named[],
  invoking: T,
): T {
  const { functionName } = invoking;
  if (!functions.some(({ name, arn }) => isNamed(functionName, name, arn)))
    throw new UnsupportedError(`it invokes ${functionName}, which is not run locally`);
  return invoking;
}
