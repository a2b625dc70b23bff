import type { Policy } from '../batch/policy.ts';
import type {
  BatchStore,
  Clock,
  EventBus,
  Log,
  Metrics,
  ObjectStore,
  Processor,
  Queues,
  RandomSource,
  Scratch,
  SweepLock,
  TokenEstimation,
} from '../batch/ports.ts';
import type { Collector } from '../collector/contract.ts';
import type { Providers } from '../providers/provider.ts';
import type { ProviderStateStore } from '../quota/providerState.ts';

/** Everything a use case may touch. Each takes the part that it needs. */
export interface Dependencies {
  readonly policy: Policy;
  readonly clock: Clock;
  readonly chance: RandomSource;
  readonly batches: BatchStore;
  readonly providerStates: ProviderStateStore;
  readonly sweepLock: SweepLock;
  readonly queues: Queues;
  /** Gathers single requests into batches; absent in a deployment that does not. */
  readonly collector?: Collector | undefined;
  readonly objects: ObjectStore;
  /** Name of the table: processors keep a record in it. */
  readonly tableName: string;
  readonly scratch: Scratch;
  readonly tokens: TokenEstimation;
  readonly providers: Providers;
  readonly processor: Processor;
  readonly bus: EventBus;
  readonly log: Log;
  readonly metrics: Metrics;
}
