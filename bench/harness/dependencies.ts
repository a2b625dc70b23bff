import { setTimeout as wait } from 'node:timers/promises';
import { S3Client } from '@aws-sdk/client-s3';
import { bounds } from '../../shared/aws/clients/base.ts';
import { realObjectStore } from '../../shared/aws/objectStore.ts';
import type { Limits } from '../../shared/batch/job.ts';
import type { BatchStore, Log, ObjectStore } from '../../shared/batch/ports.ts';
import { diskScratch } from '../../shared/jsonl/scratch.ts';
import type { Provider, Providers } from '../../shared/providers/provider.ts';
import { connectProviders } from '../../shared/providers/registry.ts';
import { DEFAULT_POLICY, settingsSchema } from '../../shared/settings.ts';
import { createTokenEstimator } from '../../shared/tokens/fileEstimator.ts';
import type { Dependencies } from '../../shared/usecases/dependencies.ts';

/** Dependencies of a use case: ports that take no time, and the real ones that are measured. */
export function benchDependencies(parts: {
  readonly batches?: BatchStore;
  readonly objects?: ObjectStore;
  readonly providers: Providers;
}): Dependencies {
  const unused = (): never => {
    throw new Error('this measurement does not use the port');
  };
  let serial = 0;
  const ports: Omit<Dependencies, 'batches' | 'objects'> = {
    policy: DEFAULT_POLICY,
    clock: {
      now: () => Date.now(),
      after(milliseconds, run) {
        const timer = setTimeout(run, milliseconds).unref();
        return () => clearTimeout(timer);
      },
    },
    chance: { random: Math.random, randomInt: unused, token: () => `token-${serial++}` },
    providerStates: {
      get: async (provider) => ({ schemaVersion: 1, provider, version: 0 }),
      replace: async () => 'written',
      list: async () => ['openai'],
    },
    tenants: { get: unused, replace: unused },
    uploads: { get: unused, create: unused, replace: unused },
    sweepLock: {
      acquire: async () => ({}),
      release: async () => {},
      last: async () => undefined,
    },
    queues: { sendWork: async () => {}, sendBatch: async () => {}, sendDeadLetter: unused },
    tableName: 'table',
    scratch: diskScratch(),
    tokens: { estimate: (fileBytes) => createTokenEstimator({ fileBytes }) },
    processor: { invoke: unused },
    bus: { publish: async () => {} },
    log: { info() {}, warn: printProblem, error: printProblem },
    metrics: { count() {}, measure() {} },
    providers: parts.providers,
  };
  return { ...ports, ...parts } as Dependencies;
}

/** Shows a failure, because a measurement in which something fails measures something else. */
function printProblem(message: string, fields: object = {}): void {
  process.stderr.write(`${message} ${JSON.stringify(fields)}\n`);
}

/** A log that keeps how many batches a sweep says that it has processed. */
export function countingLog(): { readonly log: Log; seen(): number } {
  let seen = 0;
  const info: Log['info'] = (message, fields) => {
    if (message === 'sweep done' && fields && 'seen' in fields) seen = Number(fields.seen);
  };
  return { log: { info, warn: printProblem, error: printProblem }, seen: () => seen };
}

/** OpenAI's provider as it is deployed, at another URL. */
export function openAiAt(
  url: string,
  objects: ObjectStore,
  limits: Partial<Limits> = {},
): Providers {
  const { providers: entries } = settingsSchema.parse({
    providers: { openai: { kind: 'openai', limits } },
  });
  const baseUrls = { openai: `${url}/v1` };
  return connectProviders(entries, { secret: async () => 'sk-bench', objects, baseUrls });
}

/** A URL that nothing listens at, for a provider or a bucket that is never called. */
export const NOWHERE = 'http://127.0.0.1:9';

/** The bucket's port as it is deployed, at another URL. */
export function objectsAt(url: string): ObjectStore {
  const credentials = { accessKeyId: 'bench', secretAccessKey: 'bench' };
  const client = new S3Client({
    endpoint: url,
    region: 'us-east-1',
    credentials,
    forcePathStyle: true,
    ...bounds({ requestTimeoutMs: 0, idleTimeoutMs: 60_000 }),
  });
  return realObjectStore(client, { bucket: 'bucket', inputBuckets: [] });
}

/** The same providers, except that each job has to be checked alone and that this takes a while. */
export function slowProviders(real: Providers, latencyMs: number): Providers {
  return {
    ...real,
    async get(name) {
      const { listStates: _, ...provider }: Provider = await real.get(name);
      return {
        ...provider,
        async check() {
          await wait(latencyMs);
          return { state: 'running' };
        },
      };
    },
  };
}
