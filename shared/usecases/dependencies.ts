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
import type { UploadStore } from '../batch/upload.ts';
import type { Collector } from '../collector/contract.ts';
import type { Providers } from '../providers/provider.ts';
import type { ProviderStateStore } from '../quota/providerState.ts';
import type { TenantStore } from '../quota/tenantState.ts';

/** All ports, as a function is composed of them. Each use case takes only the ports that it uses. */
export interface Dependencies {
  readonly policy: Policy;
  readonly clock: Clock;
  readonly chance: RandomSource;
  readonly batches: BatchStore;
  readonly providerStates: ProviderStateStore;
  readonly tenants: TenantStore;
  readonly sweepLock: SweepLock;
  /** Uploads of the HTTP API. */
  readonly uploads: UploadStore;
  readonly queues: Queues;
  /** Absent in a deployment that does not collect single requests. */
  readonly collector?: Collector | undefined;
  readonly objects: ObjectStore;
  /** Name of the table. Processors keep records of their own in it. */
  readonly tableName: string;
  readonly scratch: Scratch;
  readonly tokens: TokenEstimation;
  readonly providers: Providers;
  readonly processor: Processor;
  readonly bus: EventBus;
  readonly log: Log;
  readonly metrics: Metrics;
}
