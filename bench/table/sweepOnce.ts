import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { realBatchStore } from '../../shared/aws/batchStore.ts';
import { realProviderStateStore } from '../../shared/aws/providerStateStore.ts';
import { realSweepLock } from '../../shared/aws/sweepLock.ts';
import type { Metrics } from '../../shared/batch/ports.ts';
import { DEFAULT_POLICY } from '../../shared/config.ts';
import { METRICS } from '../../shared/metrics.ts';
import { sweep } from '../../shared/usecases/sweep/sweep.ts';
import { finish, optionsOf, peakBytes } from '../childResult.ts';
import { benchDependencies, objectsAt, openAiAt } from '../dependencies.ts';
import { slowProviders } from '../sweep/fakeProviders.ts';

/** Sweeps a filled table once, as the function does. */
export interface SweepOptions {
  readonly tableUrl: string;
  readonly tableName: string;
  /** Jobs that the provider takes at once. */
  readonly maxInFlight: number;
  /** The function's time, in milliseconds. */
  readonly timeMs: number;
}

export interface Swept {
  readonly milliseconds: number;
  readonly peakBytes: number;
  /** Batches that were looked at, and started. */
  readonly seen: number;
  readonly started: number;
  readonly isTruncated: boolean;
  /** Requests to the table, by operation. */
  readonly calls: Readonly<Record<string, number>>;
}

/** An address that nothing listens at: what is asked of the provider, a fake answers. */
const NOWHERE = 'http://127.0.0.1:9';

const { tableUrl, tableName, maxInFlight, timeMs } = optionsOf<SweepOptions>();
const calls: Record<string, number> = {};
const table = DynamoDBDocumentClient.from(new DynamoDBClient({ endpoint: tableUrl }));
table.middlewareStack.add((next, { commandName = '' }) => (sent) => {
  calls[commandName] = (calls[commandName] ?? 0) + 1;
  return next(sent);
});
const counted = new Map<string, number>();
const metrics: Metrics = {
  count: (name, value) => void counted.set(name, (counted.get(name) ?? 0) + value),
  measure() {},
};
let started = 0;
const providers = openAiAt(NOWHERE, objectsAt(NOWHERE), { maxInFlight });
const { retentionSeconds } = DEFAULT_POLICY;
const dependencies = {
  ...benchDependencies({ providers: slowProviders(providers, 0) }),
  batches: realBatchStore(table, tableName, { retentionSeconds }),
  providerStates: realProviderStateStore(table, tableName),
  sweepLock: realSweepLock(table, tableName),
  bus: {
    async publish({ to }: { readonly to: string }) {
      if (to === 'submitting') started += 1;
    },
  },
  metrics,
};

const startedAt = performance.now();
await sweep(dependencies, Date.now() + timeMs);
finish({
  milliseconds: performance.now() - startedAt,
  peakBytes: peakBytes(),
  seen: counted.get(METRICS.swept) ?? 0,
  started,
  isTruncated: counted.has(METRICS.sweepsTruncated),
  calls,
} satisfies Swept);
