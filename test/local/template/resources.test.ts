import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { localAccount } from '../../../local/template/account.ts';
import { readAssembly } from '../../../local/template/assembly.ts';
import { readResources } from '../../../local/template/resources.ts';
import { TOY, temporaryDirectory, toyWith } from '../fixtures/toyStack.ts';

async function resourcesOf(directory: string) {
  return readResources(await readAssembly(directory), localAccount('Toy', 'http://127.0.0.1:1'));
}

test('a template becomes names, ARNs and settings', async () => {
  const { queues, functions, buckets, eventSources, invokeConfigs, schedules } =
    await resourcesOf(TOY);

  expect(queues.map(({ name }) => name)).toEqual(['Toy-Input', 'Toy-DeadLetters', 'Toy-Outcomes']);
  expect(queues[0]).toMatchObject({
    url: 'http://127.0.0.1:1/000000000000/Toy-Input',
    arn: 'arn:aws:sqs:us-east-1:000000000000:Toy-Input',
    VisibilityTimeout: 1,
    RedrivePolicy: {
      deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:Toy-DeadLetters',
      maxReceiveCount: 2,
    },
  });
  expect(buckets[0]?.name).toBe('toy-bucket');
  expect(functions[0]).toMatchObject({
    handler: 'index.handler',
    timeoutSeconds: 3,
    memoryMegabytes: 256,
    directory: join(TOY, 'functions', 'recorder'),
  });
  expect(eventSources[0]).toMatchObject({
    functionName: 'Toy-Recorder',
    batchSize: 5,
    maximumConcurrency: 2,
    reportsPartialFailures: true,
    enabled: true,
  });
  expect(invokeConfigs[0]).toMatchObject({
    qualifier: '$LATEST',
    maximumRetryAttempts: 0,
    onFailure: 'arn:aws:sqs:us-east-1:000000000000:Toy-Outcomes',
  });
  expect(schedules[0]?.functionName).toBe(
    'arn:aws:lambda:us-east-1:000000000000:function:Toy-Ticker',
  );
});

test('a resource of another type is an error that names it', async () => {
  const directory = toyWith(({ Resources }) => {
    Resources.Topic = { Type: 'AWS::SNS::Topic' };
  });

  await expect(readAssembly(directory)).rejects.toThrow(
    /^Topic in Toy\.template\.json is of type AWS::SNS::Topic, which a local run does not support; supported are .*AWS::SQS::Queue/,
  );
});

test.each([
  ['Input', { FifoQueue: true }, /Input \(AWS::SQS::Queue\).*FIFO queues are not supported/s],
  ['Mapping', { FilterCriteria: {} }, /Mapping .*event filters are not supported/s],
  ['PageUrl', { AuthType: 'AWS_IAM' }, /PageUrl .*only the AuthType NONE is supported/s],
  ['Worker', { Runtime: 'python3.13' }, /Worker .*only Node\.js functions are supported/s],
  ['Worker', { Code: { S3Key: 'gone.zip' } }, /the code of Worker is the object gone\.zip/],
  ['Worker', { Handler: { 'Fn::ImportValue': 'x' } }, /Worker .*Fn::ImportValue is not supported/s],
  ['Input', { DelaySeconds: { Ref: 'Nobody' } }, /Input .*refers to Nobody/s],
])('%s with %j is an error that names it', async (logicalId, properties, message) => {
  const directory = toyWith(({ Resources }) => {
    Object.assign(Resources[logicalId]?.Properties ?? {}, properties);
  });

  await expect(resourcesOf(directory)).rejects.toThrow(message);
});

test('a directory with no template, or with two, is an error', async () => {
  const directory = toyWith(() => {});
  cpSync(join(directory, 'Toy.template.json'), join(directory, 'Other.template.json'));

  await expect(readAssembly(directory)).rejects.toThrow('holds 2 templates');
  await expect(readAssembly(temporaryDirectory())).rejects.toThrow('holds 0 templates');
});
