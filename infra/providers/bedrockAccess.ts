import { Arn, ArnFormat, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { acknowledge, acknowledgeWildcard } from '../acknowledgements.ts';
import { PREFIX } from '../bucket.ts';
import type { Access } from './access.ts';
import { modelArns } from './bedrockModels.ts';
import { acknowledgeRegions, BEDROCK, createJobRole, listFiles } from './jobRole.ts';
import type { ProviderHost } from './providerHost.ts';

export interface BedrockGrants {
  /** Default: that of the stack. */
  readonly region: string | undefined;
  /** Ids or ARNs of models and inference profiles. */
  readonly modelIds: readonly string[];
  /** Default: one is created. */
  readonly jobRole: iam.IRole | iam.Role | undefined;
}

/** By the functions' own roles; jobs run under one of theirs, on the handler's bucket. */
export function bedrockAccess({ region, modelIds, jobRole: given }: BedrockGrants): Access {
  return {
    grant(scope, entry, host) {
      const stack = Stack.of(scope);
      const place = region ?? stack.region;
      const models = modelArns(modelIds, place, stack);
      const jobs = Arn.format(
        {
          service: 'bedrock',
          region: place,
          resource: 'model-invocation-job',
          resourceName: '*',
          arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
        },
        stack,
      );
      const props = { stack, jobs, bucket: host.bucket, invoked: models.behindProfiles };
      const jobRole = (given ?? createJobRole(scope, `JobRole-${entry}`, props)) as iam.IRole;
      allowCreating(host, [...models.all, jobs], jobRole);
      allowWatching(host, jobs);
      allowFiles(host);
      for (const caller of [host.sweeper, host.worker]) caller.jobRoles.add(entry, jobRole.roleArn);
      return { jobRole };
    },
  };
}

// https://docs.aws.amazon.com/bedrock/latest/userguide/batch-inference-permissions.html
function allowCreating({ worker }: ProviderHost, resources: string[], jobRole: iam.IRole): void {
  allow(worker.function, ['bedrock:CreateModelInvocationJob'], resources);
  worker.function.addToRolePolicy(
    new iam.PolicyStatement({
      actions: ['iam:PassRole'],
      resources: [jobRole.roleArn],
      conditions: { StringEquals: { 'iam:PassedToService': BEDROCK } },
    }),
  );
  if (worker.function.role) acknowledgeRegions(worker.function.role, resources);
}

function allowWatching({ worker, sweeper }: ProviderHost, jobs: string): void {
  for (const { function: caller } of [sweeper, worker]) {
    allow(caller, ['bedrock:GetModelInvocationJob', 'bedrock:StopModelInvocationJob'], [jobs]);
    // https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrock.html
    allow(caller, ['bedrock:ListModelInvocationJobs'], ['*']);
    if (!caller.role) continue;
    acknowledgeWildcard(caller.role, jobs, 'Bedrock makes up the ids of jobs.');
    acknowledge(
      caller.role,
      'AwsSolutions-IAM5[Resource::*]',
      'Listing jobs has no resource to name: only bedrock:ListModelInvocationJobs is meant.',
    );
  }
}

function allowFiles({ worker, sweeper, bucket }: ProviderHost): void {
  const files = bucket.arnForObjects(`${PREFIX.providerFiles}*`);
  allow(sweeper.function, ['s3:GetObject', 's3:DeleteObject'], [files]);
  allow(
    worker.function,
    ['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload', 's3:DeleteObject'],
    [files],
  );
  for (const { function: caller } of [sweeper, worker]) {
    caller.addToRolePolicy(listFiles(bucket));
    if (caller.role)
      acknowledgeWildcard(
        caller.role,
        files,
        'The keys hold ids of jobs: only the prefix is known.',
      );
  }
}

function allow(caller: ProviderHost['worker']['function'], actions: string[], resources: string[]) {
  caller.addToRolePolicy(new iam.PolicyStatement({ actions, resources }));
}
