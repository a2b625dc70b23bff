import { isAbsolute } from 'node:path';
import type * as z from 'zod';
import { messageOf } from '../../shared/batch/errors.ts';
import type { Account } from './account.ts';
import { type Assembly, UnsupportedError } from './assembly.ts';
import { IDENTITIES } from './identities.ts';
import { resolve, scopeOf } from './intrinsics.ts';
import * as schemas from './schemas.ts';
import { type BucketProperties, bucketSchema, type RuleProperties, ruleSchema } from './schemas.ts';
import { checkHandlers, type UnsupportedResource } from './unsupported.ts';

/** The resources of a stack, with all names resolved. */
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

export interface Named {
  readonly logicalId: string;
  /** The physical name. */
  readonly name: string;
  readonly arn: string;
}

export type FunctionResource = schemas.FunctionProperties &
  Named & {
    /** The directory of the bundle. */
    readonly directory: string;
  };

/**
 * Reads the resources of a template. A resource is unsupported if the local run does not know its type
 * or could not run it as the template describes.
 *
 * @throws UnsupportedError naming the resource, if a handler would lack one of its own
 */
export function readResources(assembly: Assembly, account: Account): StackResources {
  const { template } = assembly;
  const scope = scopeOf(template, account);

  const unsupported: UnsupportedResource[] = [];
  const present = Object.entries(template.Resources).filter(
    ([, { Condition }]) => Condition === undefined || scope.condition(Condition),
  );
  for (const [logicalId, { Type: type }] of present)
    if (!(type in IDENTITIES)) unsupported.push({ logicalId, type });

  const read = <T extends object, R>(
    types: readonly string[],
    schema: z.ZodType<T>,
    finish: (resource: T & Named & { readonly ref: string }) => R,
  ): readonly R[] =>
    present.flatMap(([logicalId, { Properties, Type: type }]) => {
      if (!types.includes(type)) return [];
      try {
        const properties = parseProperties(schema, resolve(Properties, scope));
        const { name, arn, ref } = scope.identityOf(logicalId);
        return [finish({ ...properties, logicalId, name, arn, ref })];
      } catch (error) {
        unsupported.push({ logicalId, type, reason: messageOf(error) });
        return [];
      }
    });
  const asIs = <T>(resource: T): T => resource;

  const queues = read(['AWS::SQS::Queue'], schemas.queueSchema, (queue) => ({
    ...queue,
    url: queue.ref,
  }));
  const functions = read(['AWS::Lambda::Function'], schemas.functionSchema, (resource) => ({
    ...resource,
    directory: assetDirectory(assembly, resource.code),
  }));
  const resources = {
    tables: read(['AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable'], schemas.tableSchema, asIs),
    queues,
    buckets: read(['AWS::S3::Bucket'], bucketSchema, asIs),
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
      url: scope.identityOf(resource.logicalId).attributes.FunctionUrl ?? '',
    })),
  };
  checkHandlers(template, unsupported);
  return { ...resources, unsupported };
}

function parseProperties<T>(schema: z.ZodType<T>, properties: unknown): T {
  const parsed = schema.safeParse(properties);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new UnsupportedError(issues.join('; '));
}

function assetDirectory(assembly: Assembly, objectKey: string): string {
  const directory = assembly.assetDirectories.get(objectKey);
  if (directory === undefined || !isAbsolute(directory))
    throw new UnsupportedError(
      `its code is the object ${objectKey}, which is not in the assets manifest of ${assembly.stackName}`,
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

/** Whether a text is the name or the ARN of a function, with or without a qualifier. */
export function isNamed(text: string | undefined, name: string, arn: string): boolean {
  return [name, arn].some((id) => text === id || text?.startsWith(`${id}:`));
}
