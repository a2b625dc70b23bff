import type { Secrets } from '../shared/aws/secrets.ts';
import type { Policy } from '../shared/batch/policy.ts';
import type {
  BatchStore,
  Clock,
  EventBus,
  Log,
  Metrics,
  ObjectStore,
  Processor,
  Queues,
  SweepLock,
} from '../shared/batch/ports.ts';
import type { WebhookRegister } from '../shared/batch/webhook.ts';
import type { LaneStore, RequestRegister } from '../shared/collector/contract.ts';
import { ENVIRONMENT, PORT_NAMES, type PortName, portsDifference } from '../shared/config.ts';
import type { ProviderStateStore } from '../shared/quota/providerState.ts';
import type { ItemTable } from '../shared/stores/itemTable.ts';

/** Everything of the runtime that can be replaced. */
interface Ports {
  /** Everything that is kept in the table: it stands for the next six, unless these are given, too. */
  readonly items: ItemTable;
  /** The batches. */
  readonly batches: BatchStore;
  /** Why and how long each provider is not used, and what was learned of its limits. */
  readonly providerStates: ProviderStateStore;
  /** The leases that keep two sweeps of the same batches from running at the same time. */
  readonly sweepLock: SweepLock;
  /** The windows of collected requests. Only for a handler with the prop `collector`. */
  readonly lanes: LaneStore;
  /** The batch of each collected request. Only for a handler with the prop `collector`. */
  readonly requests: RequestRegister;
  /** The webhooks that have arrived. Only for a handler with webhooks. */
  readonly webhookRegister: WebhookRegister;
  /** Inputs, results and errors. */
  readonly objects: ObjectStore;
  /** The batch queue and the work queue, on the side that sends. */
  readonly queues: Queues;
  /** Invokes the user's processor. */
  readonly processor: Processor;
  /** Receives the state changes of batches. */
  readonly bus: EventBus;
  /**
   * Reads the providers' credentials: by the name of the entry, or by the ARN of the `secret` that the
   * entry was given. The signing secrets of webhooks stay in Secrets Manager.
   */
  readonly secrets: Secrets;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/** What a port can be made of: the deployment that the function belongs to. */
export interface Deployment {
  readonly policy: Policy;
  /** The prop `shards`: `batchStore` has to know it. */
  readonly shards: number;
  /** Undefined for a handler without a table. */
  readonly tableName: string | undefined;
  /** Undefined for a handler without a bucket. */
  readonly bucketName: string | undefined;
  /** Names of the other buckets that a message's `file` can be in. */
  readonly inputBuckets: readonly string[];
}

/**
 * The ports to replace, each as a value or as a function that makes it. Functions are called once, by
 * the first invocation: importing the module that defines the ports needs no environment.
 */
export type RuntimePorts = {
  readonly [Name in keyof Ports]?: Ports[Name] | ((deployment: Deployment) => Ports[Name]);
};

/** Returns a port that is replaced, made once; undefined for one that is not. */
export type PortLookup = <Name extends keyof Ports>(name: Name) => Ports[Name] | undefined;

export function portLookup(ports: RuntimePorts, deployment: Deployment): PortLookup {
  const made = new Map<string, unknown>();
  return <Name extends keyof Ports>(name: Name) => {
    const given = ports[name];
    if (!made.has(name)) made.set(name, typeof given === 'function' ? given(deployment) : given);
    return made.get(name) as Ports[Name] | undefined;
  };
}

/** The names of the ports that are given, in the order of `PORT_NAMES`. */
export function namesOf(ports: RuntimePorts): readonly PortName[] {
  const given: Partial<Record<string, unknown>> = ports;
  return PORT_NAMES.filter((name) => given[name] !== undefined);
}

/**
 * Compares the ports with what the construct was told. It has created and granted nothing for the
 * ports that are replaced.
 *
 * @throws Error that names what differs
 */
export function checkDeclared(names: readonly PortName[], environment: NodeJS.ProcessEnv): void {
  const declared = environment[ENVIRONMENT.replacedPorts];
  if (declared === undefined) return;
  const expected = declared.split(',').filter((name) => name !== '');
  const difference = portsDifference(names, expected);
  if (difference === undefined) return;
  throw new Error(
    `the ports of createRuntime or createHandlers differ from the construct's prop: ${difference}. Make both equal`,
  );
}
