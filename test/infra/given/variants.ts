import { Stack } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { BatchHandlerProps } from '../../../infra/batchHandlerProps.ts';
import { LlmProvider } from '../../../infra/providers/llmProvider.ts';
import { batchTableSchema } from '../../../infra/resources/table.ts';
import type { RuntimeProps } from '../../../infra/runtimeProps.ts';
import { HERE, VISIBILITY } from './errorOf.ts';

type Variant = (scope: Construct) => Partial<BatchHandlerProps>;

const arn = (service: string, rest: string) =>
  `arn:aws:${service}:${HERE.region}:${HERE.account}:${rest}`;
const KEY_ARN = arn('kms', 'key/11111111-2222-3333-4444-555555555555');

/** Every way of using a resource that the handler did not create, and its features with a key. */
export const VARIANTS: Readonly<Record<string, Variant>> = {
  'a prefix': () => ({ bucketPrefix: 'team/llm/', inbox: true }),
  'a key': (scope) => ({
    encryptionKey: new kms.Key(scope, 'Key', { enableKeyRotation: true }),
    inbox: true,
    collector: {},
    api: true,
    providers: {
      openai: LlmProvider.openAi({ webhook: true }),
      bedrock: LlmProvider.bedrock({ modelIds: ['amazon.nova-lite-v1:0'] }),
    },
  }),
  'an imported key': (scope) => ({ encryptionKey: kms.Key.fromKeyArn(scope, 'Key', KEY_ARN) }),
  'a VPC': (scope) => ({
    vpc: new ec2.Vpc(scope, 'Vpc', { maxAzs: 2 }),
    collector: {},
    api: true,
  }),
  'resources of the app': (scope) => ownedBy(scope),
  'resources of another stack': (scope) =>
    ownedBy(new Stack(scope.node.root as Construct, 'Storage', { env: HERE })),
  'imported resources': (scope) => ({
    bucket: s3.Bucket.fromBucketName(scope, 'Files', 'company-files'),
    bucketPrefix: 'llm/',
    table: dynamodb.TableV2.fromTableName(scope, 'Records', 'company-batches'),
    queue: {
      queue: sqs.Queue.fromQueueArn(scope, 'Queue', arn('sqs', 'company-queue')),
      deadLetterQueue: sqs.Queue.fromQueueArn(scope, 'Dead', arn('sqs', 'company-dead')),
    },
    encryptionKey: kms.Key.fromKeyArn(scope, 'Key', KEY_ARN),
    inbox: true,
  }),
  'a table of the user’s code': (scope) => ({ ...withKey(scope), runtime: replacing('items') }),
  'a bucket of the user’s code': (scope) => ({ ...withKey(scope), runtime: replacing('objects') }),
  'queues of the user’s code': (scope) => ({ ...withKey(scope), runtime: replacing('queues') }),
  'everything of the user’s code': (scope) => ({
    ...withKey(scope),
    runtime: replacing('items', 'objects', 'queues', 'processor', 'bus', 'secrets'),
  }),
};

function withKey(scope: Construct): Partial<BatchHandlerProps> {
  return {
    encryptionKey: new kms.Key(scope, 'Key', { enableKeyRotation: true }),
    collector: {},
    api: true,
    providers: { openai: LlmProvider.openAi({ webhook: true }) },
  };
}

/** The file is read only where the code is bundled, which these stacks leave out. */
function replacing(...replaces: RuntimeProps['replaces']): RuntimeProps {
  return { entry: import.meta.filename, replaces };
}

function ownedBy(scope: Construct): Partial<BatchHandlerProps> {
  const encryptionKey = new kms.Key(scope, 'Key', { enableKeyRotation: true });
  const queueProps = { encryptionMasterKey: encryptionKey, enforceSSL: true };
  const dead = new sqs.Queue(scope, 'Dead', queueProps);
  return {
    encryptionKey,
    bucket: new s3.Bucket(scope, 'Files', { encryptionKey, enforceSSL: true, versioned: true }),
    bucketPrefix: 'llm/',
    table: new dynamodb.TableV2(scope, 'Records', {
      ...batchTableSchema(),
      encryption: dynamodb.TableEncryptionV2.customerManagedKey(encryptionKey),
    }),
    queue: new sqs.Queue(scope, 'Queue', {
      ...queueProps,
      ...VISIBILITY,
      deadLetterQueue: { queue: dead, maxReceiveCount: 5 },
    }),
    inbox: true,
    api: true,
  };
}
