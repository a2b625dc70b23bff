import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { bodiesIn, sdkSettings } from '../fixtures/toyAccess.ts';
import { startToyStack, toyWith } from '../fixtures/toyStack.ts';

const KEY = 'inbox/a b+ü%&<>.jsonl';

function withRule(isOn: boolean): string {
  return toyWith((template) => {
    template.Resources.Bucket = {
      Type: 'AWS::S3::Bucket',
      Properties: isOn ? { NotificationConfiguration: { EventBridgeConfiguration: {} } } : {},
    };
    template.Resources.Rule = {
      Type: 'AWS::Events::Rule',
      Properties: {
        EventPattern: {
          source: ['aws.s3'],
          'detail-type': ['Object Created'],
          detail: { object: { key: [{ wildcard: 'inbox/*.jsonl' }] } },
        },
        Targets: [{ Id: 'q', Arn: { 'Fn::GetAtt': ['Outcomes', 'Arn'] }, InputPath: '$.detail' }],
      },
    };
  });
}

test('each way to make an object is an event, with its key as it is', async () => {
  // Prepare
  const stack = await startToyStack({}, withRule(true));
  const s3 = new S3Client(sdkSettings(stack));
  const object = { Bucket: 'toy-bucket', Key: KEY };

  // Act
  const { ETag: etag } = await s3.send(new PutObjectCommand({ ...object, Body: 'text' }));
  await s3.send(new PutObjectCommand({ ...object, Key: 'elsewhere.jsonl', Body: 'text' }));
  await s3.send(new PutObjectTaggingCommand({ ...object, Tagging: { TagSet: [] } }));
  const copied = { ...object, Key: 'inbox/copy.jsonl', CopySource: 'toy-bucket/elsewhere.jsonl' };
  await s3.send(new CopyObjectCommand(copied));
  const upload = { ...object, Key: 'inbox/parts.jsonl' };
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(upload));
  const part = { ...upload, UploadId, PartNumber: 1 };
  const { ETag } = await s3.send(new UploadPartCommand({ ...part, Body: 'part' }));
  const MultipartUpload = { Parts: [{ ETag, PartNumber: 1 }] };
  await s3.send(new CompleteMultipartUploadCommand({ ...upload, UploadId, MultipartUpload }));

  // Assess
  const told = (await bodiesIn(stack, 'Outcomes')).map((body) => JSON.parse(body));
  expect(told.map(({ object: { key }, reason }) => [key, reason])).toEqual([
    [KEY, 'PutObject'],
    ['inbox/copy.jsonl', 'CopyObject'],
    ['inbox/parts.jsonl', 'CompleteMultipartUpload'],
  ]);
  expect(told[0]).toMatchObject({
    bucket: { name: 'toy-bucket' },
    object: { etag: etag?.replaceAll('"', ''), size: 4 },
  });
});

test('a bucket without EventBridge notifications tells nobody', async () => {
  const stack = await startToyStack({}, withRule(false));
  const s3 = new S3Client(sdkSettings(stack));

  await s3.send(new PutObjectCommand({ Bucket: 'toy-bucket', Key: KEY, Body: 'text' }));

  expect(await bodiesIn(stack, 'Outcomes')).toEqual([]);
});
