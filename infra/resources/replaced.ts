import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { isTableReplaced } from '../../shared/config.ts';
import { ConfigurationError } from '../configurationError.ts';
import type { RuntimeProps } from '../runtimeProps.ts';
import type { StorageProps } from '../storageProps.ts';
import type { HandlerResources } from './functions.ts';
import type { Queues } from './queues.ts';
import { replacedBy } from './runtime.ts';

/** What of a handler is not there because a user's code replaces it, and what cannot work without it. */

/** @throws ConfigurationError if `runtime.replaces` names what replaces it */
export function ownedTable({ table }: Pick<HandlerResources, 'table'>): dynamodb.ITable {
  return table ?? missing('table', 'items, or every store in it');
}

/** @throws ConfigurationError if `runtime.replaces` names `objects` */
export function ownedBucket({ bucket }: Pick<HandlerResources, 'bucket'>): s3.IBucket {
  return bucket ?? missing('bucket', 'objects');
}

/** @throws ConfigurationError if `runtime.replaces` names `queues` */
export function ownedQueues({ queues }: Pick<HandlerResources, 'queues'>): Queues {
  const { intake, worker, outcome } = queues;
  return intake && worker ? { intake, worker, outcome } : missing('batch queue', 'queues');
}

function missing(what: string, names: string): never {
  throw new ConfigurationError(
    `the handler has no ${what}, because runtime.replaces names ${names}: use your own`,
  );
}

interface CheckedProps extends StorageProps {
  readonly runtime?: RuntimeProps;
  readonly inbox?: boolean;
  readonly api?: unknown;
  readonly eventBus?: unknown;
  readonly providers: Readonly<Record<string, { readonly settings: { readonly kind: string } }>>;
}

/**
 * Checks that no prop needs what the prop `runtime` replaces.
 *
 * @throws ConfigurationError that names both props
 */
export function checkReplaced({ runtime, inbox, providers, ...given }: CheckedProps): void {
  const replaced = replacedBy(runtime);
  const refuse = (prop: string, port: string, fix: string) => {
    throw new ConfigurationError(
      `${prop} does not work with runtime.replaces naming ${port}: ${fix}`,
    );
  };
  const others = 'the handler would not use it. Leave it out, or do not replace the port';
  if (given.table && isTableReplaced(replaced))
    refuse('table', 'items or every store in it', others);
  if (given.bucket && replaced.includes('objects')) refuse('bucket', 'objects', others);
  if (given.bucketPrefix && replaced.includes('objects')) refuse('bucketPrefix', 'objects', others);
  if (given.queue && replaced.includes('queues')) refuse('queue', 'queues', others);
  if (given.eventBus && replaced.includes('bus')) refuse('eventBus', 'bus', others);
  if (inbox && replaced.includes('objects'))
    refuse('inbox', 'objects', 'it is a folder of the bucket of the handler. Leave inbox out');
  if (inbox && replaced.includes('queues'))
    refuse('inbox', 'queues', 'files of it become messages of the batch queue. Leave inbox out');
  if (given.api && replaced.includes('batches') && !replaced.includes('items'))
    refuse(
      'api',
      'batches without items',
      'the API keeps its keys and files beside the batches and lists both. Replace items instead',
    );
  const bedrock = Object.entries(providers).find(([, { settings }]) => settings.kind === 'bedrock');
  if (bedrock && replaced.includes('objects'))
    refuse(
      `providers.${bedrock[0]}`,
      'objects',
      'jobs of Bedrock read and write the bucket of the handler. Use another provider, or keep the bucket',
    );
}
