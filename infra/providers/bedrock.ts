import { Stack, Token } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import * as z from 'zod';
import { omitUndefined } from '../../shared/omitUndefined.ts';
import { KINDS } from '../../shared/providers/kinds.ts';
import { ConfigurationError } from '../configurationError.ts';
import { bedrockAccess } from './bedrockAccess.ts';
import {
  type CommonOptions,
  contextKind,
  defineProvider,
  type ProviderDefinition,
  ROLE_ARN,
} from './kind.ts';

/**
 * Options of `LlmProvider.bedrock`.
 *
 * Jobs read and write the handler's bucket, and the functions authenticate with their own roles.
 * Give the models that jobs may use in `modelIds` or in `models`.
 */
export interface BedrockOptions extends CommonOptions {
  /**
   * IDs or ARNs of the models and inference profiles that jobs may use. With an application inference
   * profile, include the models that it routes to.
   *
   * @default - the models in `models`
   */
  readonly modelIds?: readonly string[];
  /**
   * The role that Bedrock assumes for jobs. It must trust `bedrock.amazonaws.com`, and be allowed to
   * read, write and list `provider-files/*` in the handler's bucket.
   *
   * @default - a role is created
   */
  readonly jobRole?: iam.IRole | iam.Role;
  /**
   * Region of the jobs.
   *
   * @default - the region of the stack
   */
  readonly region?: string;
  /**
   * Whether tools, JSON schemas and `cache_control` are sent although AWS's documentation of batch
   * inference does not say that the model takes them there.
   *
   * @default false - such requests are refused at inspection
   */
  readonly allowUnsupported?: boolean;
  /**
   * The fewest records of a job: your quota for the model and region. A smaller job is filled up with
   * requests that ask for one token.
   *
   * @default 100
   */
  readonly minRecords?: number;
  /**
   * Base URL of the API. Must be https, or http on localhost.
   *
   * @default - the region's public endpoint
   */
  readonly baseUrl?: string;
}

/** @throws ConfigurationError if neither `modelIds` nor `models` names a model */
export function bedrock({ modelIds, jobRole, ...settings }: BedrockOptions): ProviderDefinition {
  const access = bedrockAccess({
    region: settings.region,
    modelIds: modelIdsOf(modelIds, settings.models),
    jobRole,
  });
  return defineProvider({ kind: 'bedrock', ...settings }, access);
}

export const bedrockKind = contextKind({
  schema: KINDS.bedrock.settings
    .extend({
      /** IDs or ARNs of what jobs may use. Default: the models in `models`. */
      modelIds: z.array(z.string().min(1)).min(1).optional(),
      /** The role of jobs. Default: a role is created. */
      jobRoleArn: z.string().regex(ROLE_ARN, 'must be the ARN of a role').optional(),
    })
    .refine(({ modelIds, models }) => modelIds || Object.keys(models).length > 0, {
      path: ['modelIds'],
      error: 'name the ids or ARNs of the models that jobs may use, here or in models',
    }),
  define: (scope, name, { kind, jobRoleArn, ...options }) =>
    bedrock(omitUndefined({ ...options, jobRole: importRole(scope, name, jobRoleArn) })),
});

function importRole(
  scope: Construct,
  entry: string,
  arn: string | undefined,
): iam.IRole | undefined {
  if (arn === undefined) return undefined;
  // The role's owner manages its policies.
  return iam.Role.fromRoleArn(scope, `JobRole-${entry}`, arn, { mutable: false });
}

function modelIdsOf(
  modelIds: readonly string[] | undefined,
  models: Readonly<Record<string, string>> | undefined,
): readonly string[] {
  const ids = [...new Set(modelIds ?? Object.values(models ?? {}))];
  if (ids.length > 0) return ids;
  throw new ConfigurationError(
    'Bedrock has neither modelIds nor models: name the ids or ARNs of the models that jobs may use, such as modelIds: ["amazon.nova-lite-v1:0"]',
  );
}

/** The statuses in which a job has ended. */
const ENDED = ['Completed', 'PartiallyCompleted', 'Failed', 'Stopped', 'Expired'];

/**
 * Makes the sweeper check a job when Bedrock publishes that it has ended. Bedrock publishes to the
 * default bus of the job's region, on a best-effort basis. The next sweep finds jobs of other regions
 * and jobs whose event was lost.
 *
 * https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring-eventbridge-how-it-works.html
 */
export function subscribeToJobEvents(
  scope: Construct,
  providers: Readonly<Record<string, Pick<ProviderDefinition, 'settings'>>>,
  sweeper: lambda.Function,
): void {
  const { region } = Stack.of(scope);
  const entries = Object.entries(providers)
    .filter(([, { settings }]) => settings.kind === 'bedrock' && isIn(region, settings.region))
    .map(([name]) => name);
  if (entries.length === 0) return;
  new events.Rule(scope, 'BedrockJobEnded', {
    description: 'Checks a Bedrock job that has ended before the next sweep',
    eventPattern: {
      source: ['aws.bedrock'],
      detailType: ['Batch Inference Job State Change'],
      detail: { status: ENDED },
    },
    targets: [
      new LambdaFunction(sweeper, {
        event: events.RuleTargetInput.fromObject({
          action: 'check',
          providers: entries,
          jobId: events.EventField.fromPath('$.detail.batchJobArn'),
        }),
        // By the time of a retry, a sweep has checked the job.
        retryAttempts: 0,
      }),
    ],
  });
}

/** Whether jobs run in the stack's region. A stack without a region may be deployed to theirs. */
function isIn(stackRegion: string, jobRegion: string | undefined): boolean {
  return jobRegion === undefined || jobRegion === stackRegion || Token.isUnresolved(stackRegion);
}
