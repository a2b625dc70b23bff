import { Annotations, ArnFormat, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';

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
 * Lets the services use the key that have no role of ours: CloudWatch Logs for the functions' log groups,
 * and EventBridge if it sends to the batch queue. The policy of an imported key cannot be changed here:
 * an info names what it has to allow.
 */
export function allowServices(scope: Construct, key: kms.IKey, sendsEvents: boolean): void {
  const stack = Stack.of(scope);
  const arnFormat = ArnFormat.COLON_RESOURCE_NAME;
  const logGroups = { service: 'logs', resource: 'log-group', resourceName: '*', arnFormat };
  const statements = [
    new iam.PolicyStatement({
      principals: [new iam.ServicePrincipal(`logs.${stack.region}.amazonaws.com`)],
      actions: LOGS,
      resources: ['*'],
      conditions: {
        ArnLike: { 'kms:EncryptionContext:aws:logs:arn': stack.formatArn(logGroups) },
      },
    }),
    ...(sendsEvents
      ? [
          new iam.PolicyStatement({
            principals: [new iam.ServicePrincipal('events.amazonaws.com')],
            actions: WRITE,
            resources: ['*'],
            conditions: { StringEquals: { 'aws:SourceAccount': stack.account } },
          }),
        ]
      : []),
  ];
  const added = statements.map((statement) => key.addToResourcePolicy(statement).statementAdded);
  if (added.every(Boolean)) return;
  const services = `logs.${stack.region}.amazonaws.com${sendsEvents ? ' and events.amazonaws.com' : ''}`;
  Annotations.of(scope).addInfoV2(
    'batch-handler:keyPolicy',
    `The policy of encryptionKey is not managed by this app: it has to let ${services} use the key, and the account's IAM policies decide about the rest. docs/security.md has the statements.`,
  );
}

/** Whether two constructs stand for the same key, as far as that is known before the deployment. */
export function isSameKey(one: kms.IKey, other: kms.IKey): boolean {
  return one === other || one.keyArn === other.keyArn;
}
