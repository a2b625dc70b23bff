import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { startToyStack, temporaryDirectory } from '../fixtures/toyStack.ts';

test('an object whose writing a kill cut short does not keep the next run from starting', async () => {
  // Prepare
  const dataDirectory = temporaryDirectory();
  const first = await startToyStack({ dataDirectory });
  const bucket = first.resources.buckets[0]?.name ?? '';
  await first.clients.s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'whole', Body: 'text' }));
  await first.stop();
  const objects = join(dataDirectory, 'sqs-s3', 'objects', 'buckets', bucket, 'objects');
  writeFileSync(join(objects, 'torn.data'), 'te');
  writeFileSync(join(objects, 'torn.meta.json'), '{"key":"to');

  // Act
  const second = await startToyStack({ dataDirectory });

  // Assess
  const { Contents: contents } = await second.clients.s3.send(
    new ListObjectsV2Command({ Bucket: bucket }),
  );
  expect(contents?.map(({ Key }) => Key)).toEqual(['whole']);
});
