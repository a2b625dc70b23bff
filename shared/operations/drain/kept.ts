import { GetTemplateCommand, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import * as z from 'zod';
import type { AwsAccess } from '../../aws/clients/access.ts';
import { cloudFormationClient } from '../../aws/clients/cloudFormation.ts';

/** A resource that stays when its stack is destroyed. */
export interface KeptResource {
  /** Such as AWS::S3::Bucket. */
  readonly type: string;
  /** Its name or ARN. */
  readonly id: string;
  /** How it is deleted by hand; it holds what cannot be brought back. */
  readonly command: string;
}

const templateSchema = z.object({
  Resources: z.record(
    z.string(),
    z.object({ Type: z.string(), DeletionPolicy: z.string().optional() }),
  ),
});

const COMMANDS: Readonly<Record<string, (id: string) => string>> = {
  'AWS::DynamoDB::GlobalTable': (id) => `aws dynamodb delete-table --table-name ${id}`,
  'AWS::DynamoDB::Table': (id) => `aws dynamodb delete-table --table-name ${id}`,
  'AWS::S3::Bucket': (id) => `aws s3 rb s3://${id} --force`,
  'AWS::SecretsManager::Secret': (id) => `aws secretsmanager delete-secret --secret-id ${id}`,
  'AWS::Logs::LogGroup': (id) => `aws logs delete-log-group --log-group-name ${id}`,
};

/** What `cdk destroy` leaves, as the template of the stack says. */
export async function keptResources(
  access: AwsAccess,
  stack: string,
): Promise<readonly KeptResource[]> {
  const client = cloudFormationClient(access);
  const { TemplateBody: body = '{}' } = await client.send(
    new GetTemplateCommand({ StackName: stack }),
  );
  const { Resources: resources } = templateSchema.parse(JSON.parse(body));
  const kept: KeptResource[] = [];
  const pages = paginateListStackResources({ client }, { StackName: stack });
  for await (const { StackResourceSummaries: page = [] } of pages)
    for (const { LogicalResourceId: logicalId = '', PhysicalResourceId: id = '' } of page) {
      const { Type: type = '', DeletionPolicy: policy = 'Delete' } = resources[logicalId] ?? {};
      if (id === '' || policy === 'Delete') continue;
      kept.push({ type, id, command: COMMANDS[type]?.(id) ?? `delete ${type} ${id}` });
    }
  return kept;
}
