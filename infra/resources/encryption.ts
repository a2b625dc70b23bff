import { Annotations, ArnFormat, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type { Construct, IConstruct } from 'constructs';
import { ConfigurationError } from '../configurationError.ts';

const READ_TABLE = ['kms:Decrypt', 'kms:DescribeKey'];
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
const WRITE_TABLE = [
  ...READ_TABLE,
  ...['kms:Encrypt', 'kms:GenerateDataKey', 'kms:ReEncryptFrom', 'kms:ReEncryptTo'],
];
/** SQS and S3 decrypt what they continue: the data key that they reuse, the parts of an upload. */
const WRITE = ['kms:Decrypt', 'kms:GenerateDataKey'];
const READ = ['kms:Decrypt'];

/** What an action does with the key of the resource that it is on. Others do nothing with it. */
const KEY_ACTIONS: Readonly<Record<string, readonly string[]>> = {
  'dynamodb:BatchGetItem': READ_TABLE,
  'dynamodb:DeleteItem': WRITE_TABLE,
  'dynamodb:GetItem': READ_TABLE,
  'dynamodb:PutItem': WRITE_TABLE,
  'dynamodb:Query': READ_TABLE,
  'dynamodb:Scan': READ_TABLE,
  's3:GetObject': READ,
  's3:PutObject': WRITE,
  'secretsmanager:GetSecretValue': READ,
  'sqs:ReceiveMessage': READ,
  'sqs:SendMessage': WRITE,
};

/**
 * What a grantee of these actions needs of the key of their resource: only through the service that
 * holds the resource.
 *
 * @returns undefined without a key, and for actions that use none
 */
export function keyAccess(scope: Construct, key: kms.IKey | undefined, actions: readonly string[]) {
  const keyActions = [...new Set(actions.flatMap((action) => KEY_ACTIONS[action] ?? []))].sort();
  const [service] = actions[0]?.split(':') ?? [];
  if (key === undefined || keyActions.length === 0) return undefined;
  return { actions: keyActions, ...throughService(scope, key, service ?? '') };
}

function throughService(scope: Construct, key: kms.IKey, service: string) {
  return {
    resources: [key.keyArn],
    conditions: {
      StringEquals: { 'kms:ViaService': `${service}.${Stack.of(scope).region}.amazonaws.com` },
    },
  };
}

/** Lets a function's role decrypt the function's environment. */
export function allowEnvironment(role: iam.Role, key: kms.IKey): void {
  const statement = { actions: ['kms:Decrypt'], ...throughService(role, key, 'lambda') };
  role.addToPolicy(new iam.PolicyStatement(statement));
}

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
const LOGS = [
  ...['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt'],
  ...['kms:GenerateDataKey*', 'kms:ReEncrypt*'],
];

/**
 * Lets CloudWatch Logs, which has no role of ours, use the key for the functions' log groups. Of an imported
 * key, an info names what its policy has to allow.
 */
export function allowLogs(scope: Construct, key: kms.IKey): void {
  const stack = Stack.of(scope);
  const arnFormat = ArnFormat.COLON_RESOURCE_NAME;
  const logGroups = { service: 'logs', resource: 'log-group', resourceName: '*', arnFormat };
  const conditions = {
    ArnLike: { 'kms:EncryptionContext:aws:logs:arn': stack.formatArn(logGroups) },
  };
  allowService(scope, key, `logs.${stack.region}.amazonaws.com`, { actions: LOGS, conditions });
}

/** The same for EventBridge, if it sends to the batch queue, and the key of that queue. */
export function allowEvents(scope: Construct, key: kms.IKey): void {
  const conditions = { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } };
  allowService(scope, key, 'events.amazonaws.com', { actions: WRITE, conditions });
}

function allowService(
  scope: Construct,
  key: kms.IKey,
  service: string,
  statement: Pick<iam.PolicyStatementProps, 'actions' | 'conditions'>,
): void {
  const principals = [new iam.ServicePrincipal(service)];
  const { statementAdded } = key.addToResourcePolicy(
    new iam.PolicyStatement({ ...statement, principals, resources: ['*'] }),
  );
  if (statementAdded) return;
  Annotations.of(scope).addInfoV2(
    `batch-handler:keyPolicy-${service.split('.')[0]}`,
    `The policy of the key ${key.keyArn} is not managed by this app: it has to let ${service} use the key, and the account's IAM policies decide about the rest. docs/security.md has the statements.`,
  );
}

/**
 * Checks that a given resource is encrypted by the prop `encryptionKey`, as far as both keys are known.
 *
 * @param name how the error names the resource, such as `queue.deadLetterQueue:`
 * @param own the key of the resource
 * @throws ConfigurationError for another key
 */
export function checkSameKey(
  name: string,
  noun: 'bucket' | 'queue' | 'table',
  { node: { path } }: IConstruct,
  { key, own }: { readonly key: kms.IKey | undefined; readonly own: kms.IKey | undefined },
): void {
  if (!key || !own || key === own || key.keyArn === own.keyArn) return;
  throw new ConfigurationError(
    `${name} ${path} is encrypted by another key than encryptionKey: give the ${noun}'s key as encryptionKey, or encrypt the ${noun} by that key`,
  );
}
