import type { SQSClient } from '@aws-sdk/client-sqs';
import type { CollectorQueueUrls } from '../shared/aws/collector.ts';
import type { QueueUrls } from '../shared/aws/queues.ts';
import type { Secrets } from '../shared/aws/secrets.ts';
import type { OwnPlace } from '../shared/batch/ids.ts';
import type { Clock, EventBus, ObjectStore, Processor, Queues } from '../shared/batch/ports.ts';
import type { CollectorQueue } from '../shared/collector/contract.ts';
import { isFilled } from '../shared/providers/settings.ts';

/**
 * The ports on AWS, besides the table. Each is loaded, with the SDK's client that it needs, by its first
 * call: most invocations of most functions call none or one of them, and all of them together would be
 * half of what a cold start takes.
 */

/** Runs at the first call; later calls get the same. */
function once<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined;
  return () => {
    loading ??= load();
    return loading;
  };
}

type LazySqs = () => Promise<SQSClient>;

/** The client of all queues. */
export function lazySqs(): LazySqs {
  return once(async () => (await import('../shared/aws/clients/sqs.ts')).sqsClient());
}

export function awsQueues(sqs: LazySqs, urls: QueueUrls, objects: ObjectStore): Queues {
  const queues = once(async () => {
    const { realQueues } = await import('../shared/aws/queues.ts');
    return realQueues(await sqs(), urls, objects);
  });
  return {
    sendWork: async (...message) => (await queues()).sendWork(...message),
    sendBatch: async (...message) => (await queues()).sendBatch(...message),
    sendDeadLetter: async (...message) => (await queues()).sendDeadLetter(...message),
  };
}

export function awsCollectorQueue(
  sqs: LazySqs,
  urls: CollectorQueueUrls,
  objects: ObjectStore,
): CollectorQueue {
  const queue = once(async () => {
    const { realCollectorQueue } = await import('../shared/aws/collector.ts');
    return realCollectorQueue(await sqs(), urls, objects);
  });
  return {
    sendJoin: async (...message) => (await queue()).sendJoin(...message),
    sendDeadLetter: async (...message) => (await queue()).sendDeadLetter(...message),
  };
}

export function awsProcessor(functionArn: string): Processor {
  const processor = once(async () => {
    const { lambdaClient } = await import('../shared/aws/clients/lambda.ts');
    const { realProcessor } = await import('../shared/aws/processor.ts');
    return realProcessor(lambdaClient(), functionArn);
  });
  return { invoke: async (event) => (await processor()).invoke(event) };
}

export function awsEventBus(name: string): EventBus {
  const bus = once(async () => {
    const { eventBridgeClient } = await import('../shared/aws/clients/eventBridge.ts');
    const { realEventBus } = await import('../shared/aws/eventBus.ts');
    return realEventBus(eventBridgeClient(), name);
  });
  return { publish: async (change) => (await bus()).publish(change) };
}

/** @param of providers' keys, or the signing secrets of webhooks, which are kept for a shorter time */
export function awsSecrets(clock: Pick<Clock, 'now'>, of: 'keys' | 'webhooks'): Secrets {
  const secrets = once(async () => {
    const { secretsManagerClient } = await import('../shared/aws/clients/secretsManager.ts');
    const module = await import('../shared/aws/secrets.ts');
    const cacheMs = of === 'keys' ? module.SECRET_CACHE_MS : module.SIGNING_SECRET_CACHE_MS;
    return module.realSecrets(secretsManagerClient(), clock, isFilled, cacheMs);
  });
  return { get: async (id, isFresh) => (await secrets()).get(id, isFresh) };
}

export function awsObjects(
  names: OwnPlace & { readonly inputBuckets: readonly string[] },
): ObjectStore {
  const store = once(async () => {
    const { s3Client } = await import('../shared/aws/clients/s3.ts');
    const { realObjectStore } = await import('../shared/aws/objectStore.ts');
    return realObjectStore(s3Client(), names);
  });
  const { bucket, prefix = '' } = names;
  return {
    ...{ bucket, prefix },
    head: async (object) => (await store()).head(object),
    copy: async (source, key) => (await store()).copy(source, key),
    async *read(key, range) {
      yield* (await store()).read(key, range);
    },
    writer(key) {
      const writer = once(async () => (await store()).writer(key));
      return {
        write: async (chunk) => (await writer()).write(chunk),
        append: async (source) => (await writer()).append(source),
        close: async () => (await writer()).close(),
        abort: async () => (await writer()).abort(),
      };
    },
    remove: async (key) => (await store()).remove(key),
  };
}
