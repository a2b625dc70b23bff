import { join } from 'node:path';
import { s3Url } from '../shared/batch/messages.ts';
import { DEFAULT_POLICY, policySchema } from '../shared/batch/policy.ts';
import type { ObjectStore } from '../shared/batch/ports.ts';
import { type BatchHandlerClient, clientOf } from '../shared/client/client.ts';
import {
  entryNames,
  type FunctionPorts,
  type HandlerConnection,
} from '../shared/client/connection.ts';
import { storedObjects } from '../shared/client/storedObjects.ts';
import { batchStore } from '../shared/stores/batchStore.ts';
import type { ItemTable } from '../shared/stores/itemTable.ts';
import { providerStateStore } from '../shared/stores/sweepStores.ts';
import { sqliteClientQueues } from './clientQueues.ts';
import { openDatabase } from './database.ts';
import { type DirectoryDescription, readDescription, runningProcesses } from './directory.ts';
import { fileObjects } from './fileObjects.ts';
import { objectPath } from './objectPath.ts';
import { processorOf, type SqliteQueues, sqliteQueues } from './sqliteQueues.ts';
import { sqliteTable, TABLE_NAME } from './sqliteTable.ts';

/** What a directory is opened with: the ports of a handler in one process. */
interface DirectoryPorts {
  readonly directory: string;
  readonly description: DirectoryDescription;
  readonly items: ItemTable;
  readonly objects: ObjectStore;
  readonly queues: SqliteQueues;
}

/** Connects a client to a handler in one process, by the ports that the handler works with. */
export function connectDirectory({
  directory,
  description,
  items,
  objects,
  queues,
}: DirectoryPorts): HandlerConnection {
  const { settings, limits, version } = description;
  return {
    handler: {
      ...{ name: directory, settings, limits, version },
      providers: entryNames(settings),
    },
    items,
    // No record is written here, so the retention in the policy does not matter.
    batches: batchStore(items, DEFAULT_POLICY),
    providerStates: providerStateStore(items),
    objects: storedObjects(objects, (object) =>
      object.bucket === objects.bucket
        ? join(directory, 'objects', objectPath(object.key))
        : s3Url(object),
    ),
    queues: sqliteClientQueues(queues),
    process: {
      running: async () => runningProcesses(directory),
      ports: functionPorts(description, objects, queues),
    },
  };
}

/** The ports of a program beside the one that runs the handler. */
function functionPorts(
  { settings }: DirectoryDescription,
  objects: ObjectStore,
  queues: SqliteQueues,
): FunctionPorts {
  return {
    policy: policySchema.parse(settings.policy ?? {}),
    tableName: TABLE_NAME,
    objects,
    queues,
    processor: processorOf(queues),
    bus: {
      // The record stays due, so that the program that has the callbacks repeats it.
      publish: async () => {
        throw new Error('the program that runs the handler publishes it');
      },
    },
  };
}

/** A client of a handler in one process, with the directory open. */
export interface DirectoryClient extends BatchHandlerClient {
  /** Closes the directory. The client cannot be used afterwards. */
  close(): void;
}

/**
 * A client for the batches of a directory, for programs that do not run the handler themselves: another
 * process may. Close it when it is not needed any more.
 *
 * @param directory the one that `createBatchHandler` has
 * @throws ClientError `no_handler` if the directory is not that of a handler
 */
export function createDirectoryClient(directory: string): DirectoryClient {
  const description = readDescription(directory);
  const database = openDatabase(directory);
  const connection = connectDirectory({
    directory,
    description,
    items: sqliteTable(database),
    objects: fileObjects(directory),
    queues: sqliteQueues(database, Date.now),
  });
  return {
    ...clientOf(connection),
    close: () => {
      if (database.isOpen) database.close();
    },
  };
}
