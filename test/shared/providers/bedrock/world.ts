import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll } from 'vitest';
import { realObjectStore } from '../../../../shared/aws/objectStore.ts';
import { connectClients } from '../../../../shared/providers/bedrock/api.ts';
import { type BedrockSettings, bedrock } from '../../../../shared/providers/bedrock/description.ts';
import { bedrockProvider } from '../../../../shared/providers/bedrock/index.ts';
import {
  type BedrockOptionsInput,
  startBedrockSimulator,
} from '../../../../simulators/bedrock/index.ts';
import { clientSettings, type Emulators, startEmulators } from '../../../support/emulators.ts';
import { settingsOf } from '../entry.ts';
import { startObjectsProxy } from './objectsProxy.ts';

export const REGION = 'us-east-1';
export const JOB_ROLE = 'arn:aws:iam::000000000000:role/jobs';
export const SETTINGS = settingsOf(bedrock, { region: REGION });

export type WorldOptions = Partial<Omit<BedrockOptionsInput, 'dataDir' | 's3Url'>> & {
  readonly settings?: Partial<BedrockSettings>;
  readonly jobRole?: string | undefined;
};

/** The S3 emulator of a test file, and a Bedrock simulator with a bucket of its own per call. */
export function bedrockWorld() {
  let emulators: Emulators;
  let buckets = 0;

  beforeAll(async () => {
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });
    emulators = await startEmulators();
  });
  afterAll(() => emulators.stop());

  return async function start({ settings, jobRole = JOB_ROLE, ...options }: WorldOptions = {}) {
    const bucket = `handler-${++buckets}`;
    await emulators.createBucket(bucket);
    const proxy = await startObjectsProxy(emulators.queueUrl);
    const dataDir = await mkdtemp(join(tmpdir(), 'bedrock-simulator-'));
    const s3Url = emulators.queueUrl;
    const simulator = await startBedrockSimulator({
      dataDir,
      s3Url,
      jobSeconds: 0.05,
      ...options,
    });
    const s3 = new S3Client({ ...clientSettings(proxy.url), forcePathStyle: true });
    const objects = realObjectStore(s3, { bucket, inputBuckets: [] });
    const clients = { ...connectClients(SETTINGS, simulator.url), s3 };
    const entry = {
      settings: { ...SETTINGS, ...settings },
      limits: bedrock.limits,
      objects,
      jobRole,
    };
    return {
      provider: await bedrockProvider(entry, clients),
      entry,
      clients,
      objects,
      simulator,
      /** URL of the S3 emulator, without the proxy. */
      s3Url,
      inject(injection: Parameters<typeof proxy.inject>[0]) {
        simulator.inject(injection);
        proxy.inject(injection);
      },
      async journal() {
        const { events, jobs } = await simulator.journal();
        return { jobs, events: [...events, ...proxy.events] };
      },
      async close() {
        await simulator.close();
        await proxy.close();
        s3.destroy();
        await rm(dataDir, { recursive: true, force: true });
      },
    };
  };
}
