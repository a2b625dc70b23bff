import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { realObjectStore } from '../../shared/aws/objectStore.ts';
import { clientSettings, type Emulators, startEmulators } from './emulators.ts';
import { type Answer, type BadNetwork, type Received, startProxy } from './emulatorsProxy.ts';

export const MB = 1024 * 1024;
const NAMES = { bucket: 'bucket', inputBuckets: ['inputs'] };

/** The handler's `bucket`, and another one named `inputs`, through a network that can be bad. */
export function bucketsOnBadNetwork() {
  let emulators: Emulators;
  let network: S3Client;
  let proxy: BadNetwork;

  beforeAll(async () => {
    emulators = await startEmulators();
    await emulators.createBucket('bucket');
    await emulators.createBucket('inputs');
  });
  afterAll(() => emulators.stop());
  beforeEach(async () => {
    buckets.decide = () => 'forward';
    proxy = await startProxy(emulators.queueUrl, (received) => buckets.decide(received));
    network = new S3Client({ ...clientSettings(proxy.url), forcePathStyle: true });
    buckets.store = realObjectStore(network, NAMES);
  });
  afterEach(async () => {
    network.destroy();
    await proxy.close();
  });

  const buckets = {
    store: {} as ReturnType<typeof realObjectStore>,
    /** What becomes of each request; a test sets it. */
    decide: (_: Received): Answer | Promise<Answer> => 'forward',
    /** What the store has sent. */
    get received() {
      return proxy.received;
    },
    /** The SDK's client, past the proxy. */
    get s3() {
      return emulators.s3;
    },
    /** A store that copies in parts what S3 copies in one piece. */
    copyingInParts: () =>
      realObjectStore(network, NAMES, { singleBytes: 6 * MB, partBytes: 5 * MB }),
    async put(bucket: string, key: string, body: Uint8Array | string): Promise<void> {
      const object = { Bucket: bucket, Key: key, Body: Buffer.from(body) };
      await emulators.s3.send(new PutObjectCommand(object));
    },
    /** Reads through the store under test. */
    readAll: (key: string): Promise<Buffer> => buffer(buckets.store.read(key)),
  };
  return buckets;
}

/** Bytes that repeat nowhere, so that a piece in the wrong place is seen. */
export function bytesOf(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i + 4 <= length; i += 4) bytes.writeUInt32LE(i, i);
  return bytes;
}

export function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** An error as S3 tells it. */
export function s3Error(status: number, code: string): Answer {
  return {
    status,
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`,
  };
}
