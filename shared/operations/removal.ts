import { GetTemplateCommand, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import * as z from 'zod';
import type { AwsAccess } from '../aws/clients/base.ts';
import { cloudFormationClient } from '../aws/clients/operator.ts';

/** A resource that remains when its stack is destroyed. */
export interface KeptResource {
  /** Such as AWS::S3::Bucket. */
  readonly type: string;
  /** Its name or ARN. */
  readonly id: string;
  /** The command that deletes it, with data that cannot be restored. */
  readonly command: string;
}

/** What the removal of a stack leaves, and what it fails at. */
export interface RemovalFacts {
  /** Resources that remain. */
  readonly kept: readonly KeptResource[];
  /** Buckets that CloudFormation deletes only if they are empty, with the command that empties them. */
  readonly toEmpty: readonly KeptResource[];
}

const templateSchema = z.object({
  Resources: z.record(
    z.string(),
    z.object({
      Type: z.string(),
      DeletionPolicy: z.string().optional(),
      Properties: z.record(z.string(), z.unknown()).optional(),
    }),
  ),
});
type Template = z.infer<typeof templateSchema>;

/** It goes with its bucket. */
const PART_OF_BUCKET = 'AWS::S3::BucketPolicy';

/** A table that is kept is protected from deletion, too. */
function deleteTable(id: string): string {
  return `aws dynamodb update-table --table-name ${id} --no-deletion-protection-enabled && aws dynamodb delete-table --table-name ${id}`;
}

const DELETE_COMMANDS: Readonly<Record<string, (id: string) => string>> = {
  'AWS::DynamoDB::GlobalTable': deleteTable,
  'AWS::DynamoDB::Table': deleteTable,
  'AWS::S3::Bucket': (id) => `aws s3 rb s3://${id} --force`,
  'AWS::SecretsManager::Secret': (id) => `aws secretsmanager delete-secret --secret-id ${id}`,
  'AWS::Logs::LogGroup': (id) => `aws logs delete-log-group --log-group-name ${id}`,
};

/** The resources that `cdk destroy` keeps or cannot delete, by the template of the stack. */
export async function removalFacts(access: AwsAccess, stack: string): Promise<RemovalFacts> {
  const client = cloudFormationClient(access);
  const { TemplateBody: body = '{}' } = await client.send(
    new GetTemplateCommand({ StackName: stack }),
  );
  const template = templateSchema.parse(JSON.parse(body));
  const kept: KeptResource[] = [];
  const toEmpty: KeptResource[] = [];
  const pages = paginateListStackResources({ client }, { StackName: stack });
  for await (const { StackResourceSummaries: page = [] } of pages)
    for (const { LogicalResourceId: logicalId = '', PhysicalResourceId: id = '' } of page) {
      const { Type: type = '', DeletionPolicy: policy = 'Delete' } =
        template.Resources[logicalId] ?? {};
      if (id === '' || type === PART_OF_BUCKET) continue;
      if (policy !== 'Delete')
        kept.push({ type, id, command: DELETE_COMMANDS[type]?.(id) ?? `delete ${type} ${id}` });
      else if (type === 'AWS::S3::Bucket' && !isEmptiedByItself(template, logicalId))
        toEmpty.push({ type, id, command: `aws s3 rm s3://${id} --recursive` });
    }
  return { kept, toEmpty };
}

/** Whether the app has set `autoDeleteObjects` on a bucket. The construct does not. */
function isEmptiedByItself({ Resources: resources }: Template, bucket: string): boolean {
  return Object.values(resources).some(
    ({ Type: type, Properties: properties }) =>
      type === 'Custom::S3AutoDeleteObjects' &&
      JSON.stringify(properties?.BucketName) === JSON.stringify({ Ref: bucket }),
  );
}
