import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';

/** Lets a function do this with the items of the table whose keys begin so, and with no other. */
export function allowItems(
  user: lambda.Function,
  actions: string[],
  { tableArn }: dynamodb.TableV2,
  prefixes: readonly string[],
): void {
  user.addToRolePolicy(
    new iam.PolicyStatement({ actions, resources: [tableArn], conditions: leadingKeys(prefixes) }),
  );
}

export function leadingKeys(prefixes: readonly string[]) {
  const keys = prefixes.map((prefix) => `${prefix}*`);
  return { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': keys } };
}
