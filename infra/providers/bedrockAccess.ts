import { Arn, ArnFormat, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { acknowledge, acknowledgeWildcard } from '../acknowledgements.ts';
import { allow } from '../resources/allow.ts';
import { keyAccess } from '../resources/encryption.ts';
import { ownedBucket } from '../resources/replaced.ts';
import type { AccessGrant, BindContext } from './access.ts';

const BEDROCK = 'bedrock.amazonaws.com';
const JOB_KEYS_REASON = 'The keys hold ids of jobs: only the prefix is known.';

interface BedrockAccessProps {
  /** Default: the region of the stack. */
  readonly region: string | undefined;
  /** IDs or ARNs of models and inference profiles. */
  readonly modelIds: readonly string[];
  /** Default: a role is created. */
  readonly jobRole: iam.IRole | iam.Role | undefined;
}

/** Access by the functions' own roles. Jobs run under a role of their own, on the handler's bucket. */
export function bedrockAccess({
  modelIds,
  jobRole: given,
  ...props
}: BedrockAccessProps): AccessGrant {
  return {
    grant(scope, entry, context) {
      const stack = Stack.of(scope);
      const region = props.region ?? stack.region;
      const models = modelArns(modelIds, region, stack);
      const jobs = Arn.format(
        {
          service: 'bedrock',
          region,
          resource: 'model-invocation-job',
          resourceName: '*',
          arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
        },
        stack,
      );
      const { providerFiles } = context;
      const bucket = ownedBucket(context);
      const jobRole = (given ??
        createJobRole(scope, `JobRole-${entry}`, {
          jobs,
          bucket,
          providerFiles,
          models: models.byProfile,
        })) as iam.IRole;
      allowCreating(context, [...models.all, jobs], jobRole);
      allowChecking(context, jobs);
      allowFiles(context);
      for (const caller of [context.sweeper, context.worker])
        caller.jobRoles.add(entry, jobRole.roleArn);
      return { jobRole };
    },
  };
}

// https://docs.aws.amazon.com/bedrock/latest/userguide/batch-inference-permissions.html
function allowCreating({ worker }: BindContext, resources: string[], jobRole: iam.IRole): void {
  allow([worker.function], ['bedrock:CreateModelInvocationJob'], resources);
  worker.function.addToRolePolicy(
    new iam.PolicyStatement({
      actions: ['iam:PassRole'],
      resources: [jobRole.roleArn],
      conditions: { StringEquals: { 'iam:PassedToService': BEDROCK } },
    }),
  );
  if (worker.function.role) acknowledgeRegions(worker.function.role, resources);
}

function allowChecking({ worker, sweeper }: BindContext, jobs: string): void {
  for (const { function: caller } of [sweeper, worker]) {
    allow([caller], ['bedrock:GetModelInvocationJob', 'bedrock:StopModelInvocationJob'], [jobs]);
    // https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrock.html
    allow([caller], ['bedrock:ListModelInvocationJobs'], ['*']);
    if (!caller.role) continue;
    acknowledgeWildcard(caller.role, jobs, 'Bedrock chooses the ids of jobs.');
    acknowledge(
      caller.role,
      'AwsSolutions-IAM5[Resource::*]',
      'bedrock:ListModelInvocationJobs supports no resource-level permissions.',
    );
  }
}

function allowFiles({ worker, sweeper, providerFiles, ...context }: BindContext): void {
  const bucket = ownedBucket(context);
  const files = bucket.arnForObjects(`${providerFiles}*`);
  const { encryptionKey } = bucket;
  allow([sweeper.function], ['s3:GetObject', 's3:DeleteObject'], [files], encryptionKey);
  allow(
    [worker.function],
    ['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload', 's3:DeleteObject'],
    [files],
    encryptionKey,
  );
  for (const { function: caller } of [sweeper, worker]) {
    caller.addToRolePolicy(listFiles(bucket, providerFiles));
    if (caller.role) acknowledgeWildcard(caller.role, files, JOB_KEYS_REASON);
  }
}

interface JobRoleProps {
  /** ARN of the jobs, with a wildcard for their ids. */
  readonly jobs: string;
  readonly bucket: s3.IBucket;
  readonly providerFiles: string;
  /** Inference profiles that jobs use, and the models that they route to. */
  readonly models: readonly string[];
}

/**
 * Creates the role that Bedrock assumes for jobs, to read their inputs and write their outputs.
 *
 * https://docs.aws.amazon.com/bedrock/latest/userguide/batch-iam-sr.html
 */
function createJobRole(scope: Construct, id: string, props: JobRoleProps): iam.Role {
  const { jobs, bucket, providerFiles, models } = props;
  const role = new iam.Role(scope, id, {
    description: 'Reads the inputs and writes the outputs of Bedrock batch jobs',
    assumedBy: new iam.ServicePrincipal(BEDROCK, {
      conditions: {
        StringEquals: { 'aws:SourceAccount': Stack.of(scope).account },
        ArnLike: { 'aws:SourceArn': jobs },
      },
    }),
  });
  const files = bucket.arnForObjects(`${providerFiles}*`);
  role.addToPolicy(
    new iam.PolicyStatement({ actions: ['s3:GetObject', 's3:PutObject'], resources: [files] }),
  );
  const access = keyAccess(scope, bucket.encryptionKey, ['s3:GetObject', 's3:PutObject']);
  if (access) role.addToPolicy(new iam.PolicyStatement(access));
  role.addToPolicy(listFiles(bucket, providerFiles));
  acknowledgeWildcard(role, files, JOB_KEYS_REASON);
  if (models.length > 0) {
    const resources = [...models];
    role.addToPolicy(new iam.PolicyStatement({ actions: ['bedrock:InvokeModel'], resources }));
    acknowledgeRegions(role, models);
  }
  return role;
}

/** Allows listing the keys of jobs' files, and no other keys of the bucket. */
function listFiles(bucket: s3.IBucket, providerFiles: string): iam.PolicyStatement {
  return new iam.PolicyStatement({
    actions: ['s3:ListBucket'],
    resources: [bucket.bucketArn],
    conditions: { StringLike: { 's3:prefix': `${providerFiles}*` } },
  });
}

/** Acknowledges the wildcard region in the ARNs of models that an inference profile routes to. */
function acknowledgeRegions(role: iam.IRole, models: readonly string[]): void {
  for (const model of models.filter((arn) => arn.includes(':*:')))
    acknowledgeWildcard(role, model, 'An inference profile chooses the region of each request.');
}

/**
 * A cross-region inference profile: a prefix, then the id of its model.
 * https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html
 */
const PROFILE = /^(?:us|us-gov|eu|apac|jp|au|ca|sa|il|global)\.(.+)$/;
const PROFILE_ARN = /:inference-profile\/([^/]+)$/;

/** ARNs of the models and inference profiles that jobs may use. */
interface ModelArns {
  readonly all: readonly string[];
  /** The inference profiles and the models that they route to: the job's role must be allowed to invoke them. */
  readonly byProfile: readonly string[];
}

/**
 * @param ids IDs or ARNs
 * @param region of the jobs
 */
function modelArns(ids: readonly string[], region: string, stack: Stack): ModelArns {
  const foundationModel = (model: string, modelRegion: string) =>
    bedrockArn(stack, { region: modelRegion, account: '', resource: 'foundation-model' }, model);
  const direct = new Set<string>();
  const byProfile = new Set<string>();
  for (const id of ids) {
    const profile = PROFILE_ARN.exec(id)?.[1] ?? id;
    const model = PROFILE.exec(profile)?.[1];
    if (model !== undefined || id.includes('inference-profile/')) {
      const place = { region, account: stack.account, resource: 'inference-profile' };
      byProfile.add(isArn(id) ? id : bedrockArn(stack, place, id));
      // The profile chooses the region in which it invokes the model.
      if (model !== undefined) byProfile.add(foundationModel(model, '*'));
    } else {
      direct.add(isArn(id) ? id : foundationModel(id, region));
    }
  }
  return { all: [...direct, ...byProfile], byProfile: [...byProfile] };
}

function isArn(id: string): boolean {
  return id.startsWith('arn:');
}

function bedrockArn(
  stack: Stack,
  place: { readonly region: string; readonly account: string; readonly resource: string },
  resourceName: string,
): string {
  const arnFormat = ArnFormat.SLASH_RESOURCE_NAME;
  return Arn.format({ service: 'bedrock', ...place, resourceName, arnFormat }, stack);
}
