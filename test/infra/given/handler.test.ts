import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { describe, expect, it } from 'vitest';
import { batchTableSchema } from '../../../infra/resources/table.ts';
import { newApp, newHandler, newProcessor, newStack } from '../../support/handlerStack.ts';
import { errorOf, type Given, HERE, queueIn, VISIBILITY } from './errorOf.ts';

const KEY_ARN = 'arn:aws:kms:eu-west-1:111111111111:key/11111111-2222-3333-4444-555555555555';

describe('a key that does not fit', () => {
  it.each<[string, (stack: Stack, key: kms.Key) => Given]>([
    [
      'table',
      (stack, key) => ({
        table: new dynamodb.TableV2(stack, 'Given', {
          ...batchTableSchema(),
          encryption: dynamodb.TableEncryptionV2.customerManagedKey(key),
        }),
      }),
    ],
    ['bucket', (stack, key) => ({ bucket: new s3.Bucket(stack, 'Given', { encryptionKey: key }) })],
    [
      'queue',
      (stack, key) => ({ queue: queueIn(stack, { ...VISIBILITY, encryptionMasterKey: key }) }),
    ],
  ])('is another than that of the %s', (prop, props) => {
    const message = errorOf((stack) => ({
      ...props(stack, new kms.Key(stack, 'Other')),
      encryptionKey: new kms.Key(stack, 'Key'),
    }));

    expect(message).toContain(`${prop}`);
    expect(message).toContain('Test/Given is encrypted by another key than encryptionKey');
    expect(
      errorOf((stack) => {
        const encryptionKey = new kms.Key(stack, 'Key');
        return { ...props(stack, encryptionKey), encryptionKey };
      }),
    ).toBe('no error');
  });
});

it.each(['vpcSubnets', 'securityGroups'] as const)('%s without a VPC is an error', (prop) => {
  const given = { vpcSubnets: {}, securityGroups: [] as ec2.ISecurityGroup[] };
  expect(errorOf(() => ({ [prop]: given[prop] }))).toContain(`${prop} is given without vpc`);
});

it('public subnets are an error', () => {
  const vpcSubnets = { subnetType: ec2.SubnetType.PUBLIC };
  expect(errorOf((stack) => ({ vpc: new ec2.Vpc(stack, 'Vpc'), vpcSubnets }))).toContain(
    'vpcSubnets selects public subnets, from which functions cannot reach the internet',
  );
});

it('a key of another region is an error', () => {
  expect(
    errorOf((stack) => ({
      encryptionKey: kms.Key.fromKeyArn(stack, 'Key', KEY_ARN.replace('eu-west-1', 'us-east-2')),
    })),
  ).toMatch(
    /^encryptionKey Test.*Key is in region us-east-2, the handler in eu-west-1: give a key of the region/,
  );
});

describe('two handlers of one app', () => {
  function both(one: Given, two: Given, stack: Stack): void {
    newHandler(stack, {
      id: 'One',
      processor: newProcessor(new Stack(stack.node.root as never, 'P1')),
      ...one,
    });
    newHandler(stack, {
      id: 'Two',
      processor: newProcessor(new Stack(stack.node.root as never, 'P2')),
      ...two,
    });
  }

  it('do not share a table or a queue', () => {
    const stack = newStack();
    const table = new dynamodb.TableV2(stack, 'Given', batchTableSchema());
    expect(() => both({ table }, { table }, stack)).toThrow(
      'table is used by the handler Test/One, too, and each would run the batches of the other',
    );
    const other = newStack();
    const queue = queueIn(other);
    expect(() => both({ queue }, { queue }, other)).toThrow(
      'queue is used by the handler Test/One',
    );
  });

  it.each([
    ['', '', false],
    ['a/', 'a/', false],
    ['a/', 'a/b/', false],
    ['', 'a/', false],
    ['a/', 'b/', true],
    ['a/', 'ab/', true],
  ])('share a bucket with the prefixes %j and %j: %s', (one, two, isAllowed) => {
    const stack = newStack();
    const bucketOf = (id: string) => s3.Bucket.fromBucketName(stack, id, 'mine');
    const share = () =>
      both(
        { bucket: bucketOf('A'), bucketPrefix: one },
        { bucket: bucketOf('B'), bucketPrefix: two },
        stack,
      );

    if (isAllowed) expect(share).not.toThrow();
    else
      expect(share).toThrow(/bucketPrefix is .* the handler Test\/One uses .* in the same bucket/);
  });
});

it('what only the owner of an imported resource can do is an info', () => {
  const stack = newStack(newApp(), 'Test', { env: HERE });
  const imported = (name: string) =>
    sqs.Queue.fromQueueArn(stack, name, `arn:aws:sqs:eu-west-1:111111111111:${name}`);
  newHandler(stack, {
    bucket: s3.Bucket.fromBucketName(stack, 'B', 'mine'),
    bucketPrefix: 'llm/',
    queue: { queue: imported('q'), deadLetterQueue: imported('d') },
    encryptionKey: kms.Key.fromKeyArn(stack, 'K', KEY_ARN),
    vpc: new ec2.Vpc(stack, 'Vpc'),
    inbox: true,
    removalPolicy: RemovalPolicy.DESTROY,
  });

  const infos = Annotations.fromStack(stack)
    .findInfo('/Test/Batches', Match.anyValue())
    .map(({ entry }) => String(entry.data))
    .join('\n');

  expect(infos).toContain(
    'expire llm/uploads/ after 114 days, llm/batches/ after 114 days, llm/provider-files/ after 30 days, llm/inbox/ after 114 days',
  );
  expect(infos).toContain('Turn on its EventBridge notifications');
  expect(infos).toContain('let events.amazonaws.com send to it (sqs:SendMessage)');
  for (const service of ['logs.eu-west-1.amazonaws.com', 'events.amazonaws.com'])
    expect(infos).toContain(`it has to let ${service} use the key`);
  expect(infos).toContain('The functions run in a VPC');
});
