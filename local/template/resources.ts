import { isAbsolute } from 'node:path';
import * as z from 'zod';
import type { Account } from './account.ts';
import type { Assembly } from './assembly.ts';
import { type BucketProperties, bucket } from './bucketSchema.ts';
import { resolve } from './intrinsics.ts';
import { type RuleProperties, rule } from './ruleSchema.ts';
import * as schemas from './schemas.ts';
import { scopeOf } from './scope.ts';
import { UnsupportedError } from './template.ts';

/** The stack with every name resolved: what is created and started. */
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
}

export interface Named {
  readonly logicalId: string;
  /** The physical name. */
  readonly name: string;
  readonly arn: string;
}

export type FunctionResource = schemas.FunctionProperties &
  Named & {
    /** Where the bundle is on disk. */
    readonly directory: string;
  };

/**
 * Resolves a whole template.
 *
 * @throws UnsupportedError, naming the resource, for a property that the local run cannot honour
 */
export function readResources(assembly: Assembly, account: Account): StackResources {
  const { template } = assembly;
  const scope = scopeOf(template, account);

  const read = <T extends object>(types: readonly string[], schema: z.ZodType<T>) =>
    Object.entries(template.Resources)
      .filter(([, { Type }]) => types.includes(Type))
      .filter(([, { Condition }]) => Condition === undefined || scope.condition(Condition))
      .map(([logicalId, { Properties, Type }]): T & Named & { readonly ref: string } => {
        const place = `${logicalId} (${Type})`;
        const parsed = schema.safeParse(naming(place, () => resolve(Properties, scope)));
        if (!parsed.success)
          throw new UnsupportedError(
            `${place} cannot run locally: ${z.prettifyError(parsed.error)}`,
          );
        const { name, arn, ref } = scope.identityOf(logicalId);
        return { ...parsed.data, logicalId, name, arn, ref };
      });

  return {
    tables: read(['AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable'], schemas.table),
    queues: read(['AWS::SQS::Queue'], schemas.queue).map((queue) => ({
      ...queue,
      url: queue.ref,
    })),
    buckets: read(['AWS::S3::Bucket'], bucket),
    secrets: read(['AWS::SecretsManager::Secret'], schemas.anything),
    functions: read(['AWS::Lambda::Function'], schemas.lambdaFunction).map((resource) => ({
      ...resource,
      directory: assetDirectory(assembly, resource.logicalId, resource.code),
    })),
    eventSources: read(['AWS::Lambda::EventSourceMapping'], schemas.eventSource),
    invokeConfigs: read(['AWS::Lambda::EventInvokeConfig'], schemas.invokeConfig),
    schedules: read(['AWS::Scheduler::Schedule'], schemas.schedule),
    rules: read(['AWS::Events::Rule'], rule),
    functionUrls: read(['AWS::Lambda::Url'], schemas.functionUrl).map((resource) => ({
      ...resource,
      url: scope.identityOf(resource.logicalId).attributes.FunctionUrl ?? '',
    })),
  };
}

function assetDirectory(assembly: Assembly, logicalId: string, objectKey: string): string {
  const directory = assembly.assetDirectories.get(objectKey);
  if (directory === undefined || !isAbsolute(directory))
    throw new UnsupportedError(
      `the code of ${logicalId} is the object ${objectKey}, which the assets manifest of ${assembly.stackName} does not list`,
    );
  return directory;
}

function naming<T>(place: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new UnsupportedError(`${place} cannot run locally: ${message}`, { cause: error });
  }
}
