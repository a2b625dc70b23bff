import type {
  Context,
  LambdaFunctionURLEvent,
  LambdaFunctionURLResult,
  SQSBatchResponse,
  SQSEvent,
} from 'aws-lambda';
import type { BatchQueueDelivery } from '../shared/usecases/intake/intake.ts';
import { composition } from './compose.ts';
import { observed } from './observability.ts';
import type { Deployment, RuntimePorts } from './ports.ts';

/**
 * The package's entry `batch-handler/runtime`: the functions of a handler with some of their ports
 * replaced. Each part is imported by the first invocation that needs it.
 */

export type { Secrets } from '../shared/aws/secrets.ts';
export type {
  BatchStore,
  Clock,
  EventBus,
  Log,
  Metrics,
  ObjectRef,
  ObjectStore,
  ObjectWriter,
  Processor,
  Queues,
  SweepLock,
} from '../shared/batch/ports.ts';
export type { Batch } from '../shared/batch/record.ts';
export type { WebhookRegister } from '../shared/batch/webhook.ts';
export type { LaneStore, RequestRegister } from '../shared/collector/contract.ts';
export type { ProviderStateStore } from '../shared/quota/providerState.ts';
export { batchStore } from '../shared/stores/batchStore.ts';
export {
  type Condition,
  INDEXES,
  IndexMissingError,
  type IndexName,
  type IndexPosition,
  type IndexQuery,
  type Item,
  type ItemPage,
  type ItemTable,
  type ScanFilter,
  type WhereValues,
  type WrittenItem,
} from '../shared/stores/itemTable.ts';
export type { BatchQueueDelivery, Deployment, RuntimePorts };

/** The Lambda handlers. Export each under its name from the file that the prop `runtime.entry` names. */
export interface Handlers {
  intake(event: SQSEvent, context: Context): Promise<SQSBatchResponse>;
  sweeper(event: unknown, context: Context): Promise<void>;
  worker(event: SQSEvent, context: Context): Promise<SQSBatchResponse>;
  outcome(event: SQSEvent, context: Context): Promise<SQSBatchResponse>;
  collector(event: SQSEvent, context: Context): Promise<SQSBatchResponse>;
  webhook(event: LambdaFunctionURLEvent, context: Context): Promise<{ statusCode: number }>;
  api(event: LambdaFunctionURLEvent, context: Context): Promise<LambdaFunctionURLResult>;
}

/**
 * What a handler does, whoever delivers its messages. If a call throws, the message has to be delivered
 * again; one that can never succeed goes to the dead-letter queue and throws nothing.
 */
export interface Runtime {
  /** The same, as handlers of Lambda functions that consume SQS. */
  readonly handlers: Handlers;
  /** Handles a message of the batch queue. */
  receiveBatchMessage(message: BatchQueueDelivery): Promise<void>;
  /**
   * Handles a message of the work queue: moves the files of one batch, which may take minutes.
   *
   * @param deadline when this process is killed or gives up, in milliseconds since 1970. Another worker
   *   takes the batch over soon after it
   */
  receiveWork(
    message: Pick<BatchQueueDelivery, 'body' | 'messageId'>,
    deadline: number,
  ): Promise<void>;
  /**
   * Records how an invocation of the processor ended.
   *
   * @param body JSON in the format of Lambda's record of an asynchronous invocation
   */
  receiveOutcome(body: string): Promise<void>;
  /**
   * Advances every batch that is due. Call it every minute or so; of two calls at the same time, one
   * does nothing. With the prop `shards`, call it for each shard as well.
   *
   * @param deadline when this process is killed or gives up, in milliseconds since 1970
   * @param shard from 0; one that the deployment does not have does nothing. Default: what concerns all
   *   batches, which without the prop `shards` is everything
   */
  sweep(deadline: number, shard?: number): Promise<void>;
}

/**
 * Creates the runtime of a handler. Nothing is composed before the first call.
 *
 * @param ports what to replace. Default: the package's own, on DynamoDB, S3, SQS and EventBridge
 * @returns its handlers and entry points. Each throws Error if `ports` differs from the construct's
 *   prop `runtime.replaces`, or if the environment lacks a variable that a port needs
 */
export function createRuntime(ports: RuntimePorts = {}): Runtime {
  const compose = composition(ports);
  // The application is built once: it keeps the keys that it has read.
  let apiFunction: Handlers['api'] | undefined;
  const handlers: Handlers = {
    async intake(event, context) {
      const { createIntake } = await import('./intake.ts');
      return createIntake(compose)(event, context);
    },
    async sweeper(event, context) {
      const { createSweeper } = await import('./sweeper.ts');
      return createSweeper(compose)(event, context);
    },
    async worker(event, context) {
      const { createWorker } = await import('./worker.ts');
      return createWorker(compose)(event, context);
    },
    async outcome(event, context) {
      const { createOutcome } = await import('./outcome.ts');
      return createOutcome(compose)(event, context);
    },
    async collector(event, context) {
      const { createCollector } = await import('./collector.ts');
      return createCollector(compose)(event, context);
    },
    async webhook(event, context) {
      const { createWebhook } = await import('./webhook.ts');
      return createWebhook(compose)(event, context);
    },
    async api(event, context) {
      apiFunction ??= (await import('./api.ts')).createApi(compose);
      return apiFunction(event, context);
    },
  };
  return {
    handlers,
    receiveBatchMessage: (message) =>
      observed(undefined, async () => {
        const { intake } = await import('../shared/usecases/intake/intake.ts');
        await intake(compose().dependencies, message);
      }),
    receiveWork: (message, deadline) =>
      observed(undefined, async () => {
        const { receiveWork } = await import('./worker.ts');
        await receiveWork(compose().dependencies, message, deadline);
      }),
    receiveOutcome: (body) =>
      observed(undefined, async () => {
        const { recordDeliveryOutcome } = await import('../shared/usecases/outcome.ts');
        await recordDeliveryOutcome(compose().dependencies, body);
      }),
    sweep: (deadline, shard) =>
      observed(undefined, async () => {
        const { sweepPart } = await import('../shared/usecases/sweep/sweep.ts');
        const { dependencies, config } = compose();
        await sweepPart(dependencies, deadline, { shards: config.settings.shards ?? 1, shard });
      }),
  };
}

/**
 * Creates the Lambda handlers alone: what the file that `runtime.entry` names has to export.
 *
 * ```ts
 * export const { intake, sweeper, worker, outcome, collector, webhook, api } = createHandlers({
 *   items: postgresTable(pool),
 * });
 * ```
 *
 * @param ports what to replace: see `createRuntime`
 */
export function createHandlers(ports: RuntimePorts = {}): Handlers {
  return createRuntime(ports).handlers;
}
