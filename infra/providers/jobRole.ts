import type { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { acknowledgeWildcard } from '../acknowledgements.ts';
import { PREFIX } from '../bucket.ts';

export const BEDROCK = 'bedrock.amazonaws.com';

export interface JobRoleProps {
  readonly stack: Stack;
  /** ARN of the jobs, with a wildcard for their ids. */
  readonly jobs: string;
  readonly bucket: s3.Bucket;
  /** Inference profiles, and the models behind them, that jobs invoke. */
  readonly invoked: readonly string[];
}

/**
 * The role that Bedrock assumes for jobs: it reads their inputs and writes their outputs.
 * https://docs.aws.amazon.com/bedrock/latest/userguide/batch-iam-sr.html
 */
export function createJobRole(scope: Construct, id: string, props: JobRoleProps): iam.Role {
  const { stack, jobs, bucket, invoked } = props;
  const role = new iam.Role(scope, id, {
    description: 'Reads the inputs and writes the outputs of Bedrock batch jobs',
    assumedBy: new iam.ServicePrincipal(BEDROCK, {
      conditions: {
        StringEquals: { 'aws:SourceAccount': stack.account },
        ArnLike: { 'aws:SourceArn': jobs },
      },
    }),
  });
  const files = bucket.arnForObjects(`${PREFIX.providerFiles}*`);
  role.addToPolicy(
    new iam.PolicyStatement({ actions: ['s3:GetObject', 's3:PutObject'], resources: [files] }),
  );
  role.addToPolicy(listFiles(bucket));
  acknowledgeWildcard(role, files, 'The keys hold ids of jobs: only the prefix is known.');
  if (invoked.length > 0) {
    const resources = [...invoked];
    role.addToPolicy(new iam.PolicyStatement({ actions: ['bedrock:InvokeModel'], resources }));
    acknowledgeRegions(role, invoked);
  }
  return role;
}

/** The keys of jobs' files, and of nothing else in the bucket. */
export function listFiles(bucket: s3.Bucket): iam.PolicyStatement {
  return new iam.PolicyStatement({
    actions: ['s3:ListBucket'],
    resources: [bucket.bucketArn],
    conditions: { StringLike: { 's3:prefix': `${PREFIX.providerFiles}*` } },
  });
}

/** For models that a profile may invoke wherever it likes. */
export function acknowledgeRegions(role: iam.IRole, models: readonly string[]): void {
  for (const model of models.filter((arn) => arn.includes(':*:')))
    acknowledgeWildcard(role, model, 'An inference profile chooses the region of each request.');
}
