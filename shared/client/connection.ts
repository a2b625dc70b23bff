import type { AwsAccess } from '../aws/clients/base.ts';
import type { ClientObjects, ClientQueues } from '../batch/clientPorts.ts';
import type { OwnPlace } from '../batch/ids.ts';
import type { Policy } from '../batch/policy.ts';
import type { BatchStore, EventBus, ObjectStore, Processor, Queues } from '../batch/ports.ts';
import type { HandlerMetadata, ResourceIds } from '../handlerMetadata.ts';
import type { ProviderStateStore } from '../quota/providerState.ts';
import type { ItemTable } from '../stores/itemTable.ts';
import { ClientError } from './clientError.ts';

/** What is known of a handler, wherever it runs. */
export interface Handler {
  /** Name or ARN of its stack; of an in-process handler, its directory. */
  readonly name: string;
  /** Names of the provider entries, the default first. */
  readonly providers: readonly string[];
  /** Provider entry → its limits. Undefined if it was deployed before they were recorded. */
  readonly limits?: HandlerMetadata['limits'];
  /** Where the processor writes its logs, if that is known. */
  readonly processorLog?: string | undefined;
  /** Version of the deployed package; undefined if it was deployed before versions were recorded. */
  readonly version: string | undefined;
  /** The settings of the handler. They are not validated. */
  readonly settings: HandlerMetadata['settings'];
}

/** A handler in AWS, or in a local stack, with the physical ids of its resources. */
export interface AwsHandler {
  /** Region, credentials and endpoint, for further AWS clients. */
  readonly access: AwsAccess;
  /** Name or ARN of its stack. */
  readonly stack: string;
  /** Path of the construct in its app. */
  readonly path: string;
  /** Names of the table, the bucket and the functions; URLs of the queues. */
  readonly resources: ResourceIds;
  /** What the keys of its objects begin with in the bucket. Undefined if it has no `bucketPrefix`. */
  readonly bucketPrefix?: string | undefined;
  /** Provider entry → ARN or name of its secret, if it has one. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** Names of the provider entries in settings, the default first. */
export function entryNames({ providers }: HandlerMetadata['settings']): readonly string[] {
  return typeof providers === 'object' && providers !== null ? Object.keys(providers) : [];
}

/** The handler's part of its bucket. */
export function placeOf({
  resources: { bucket },
  bucketPrefix: prefix,
}: Pick<AwsHandler, 'resources' | 'bucketPrefix'>): OwnPlace {
  return { bucket, prefix };
}

/** The ports by which a program does what the functions of a handler do, beside the handler's table. */
export interface FunctionPorts {
  readonly policy: Policy;
  /** Empty for a handler without a table. */
  readonly tableName: string;
  readonly objects: ObjectStore;
  readonly queues: Queues;
  readonly processor: Processor;
  readonly bus: EventBus;
}

/** A handler that runs in processes of this machine. */
export interface LocalProcess {
  readonly ports: FunctionPorts;
  /** Ids of the processes that run it now. */
  running(): Promise<readonly number[]>;
}

/** A handler, with the ports that read and write its state. */
export interface HandlerConnection {
  readonly handler: Handler;
  readonly batches: BatchStore;
  readonly providerStates: ProviderStateStore;
  /** The table that the batches and the rest of its state are in. */
  readonly items: ItemTable;
  readonly objects: ClientObjects;
  readonly queues: ClientQueues;
  /** Only of a handler in AWS or in a local stack. */
  readonly aws?: AwsHandler | undefined;
  /** Only of an in-process handler. */
  readonly process?: LocalProcess | undefined;
}

/**
 * The part of a connection that only a handler in AWS has.
 *
 * @param operation what is asked for, such as `batch-handler key`
 * @throws ClientError `not_possible` for an in-process handler
 */
export function awsOf({ aws, handler }: HandlerConnection, operation: string): AwsHandler {
  if (aws !== undefined) return aws;
  throw new ClientError(
    'not_possible',
    `${operation} is for a handler in AWS, and ${handler.name} is the directory of an in-process handler`,
  );
}

/** Whether somebody carries out what is sent: false for an in-process handler that no program runs. */
export async function isRun({ process }: Pick<HandlerConnection, 'process'>): Promise<boolean> {
  return process === undefined || (await process.running()).length > 0;
}

/** @param done what has happened all the same, as a sentence without its end */
export function notRunning(handler: Handler, done: string): ClientError {
  return new ClientError(
    'not_running',
    `${done}, and nothing carries it out: no program runs the handler in ${handler.name}. Start yours`,
  );
}
