import type { AwsAccess } from '../aws/clients/access.ts';
import { type BatchInfo, batchInfo } from './batchInfo.ts';
import { type Connection, connect } from './connection.ts';
import type { Handler } from './discovery.ts';
import { type BatchFilter, listBatches } from './listBatches.ts';

export interface ClientOptions extends AwsAccess {
  /** Name or ARN of the stack that holds the handler. */
  readonly stack: string;
  /** Path of the construct, in a stack that holds several. */
  readonly handler?: string | undefined;
}

/** Works with a deployed handler. */
export interface BatchHandlerClient {
  readonly handler: Handler;
  /** What reads and writes the handler's state, for tools that go deeper. */
  readonly connection: Connection;
  /** Undefined if there is none. */
  getBatch(batchId: string): Promise<BatchInfo | undefined>;
  /**
   * Batches in no order. Those that have not ended are found through an index and read one by one,
   * so `status: 'open'` costs what there is of them; any other filter reads the whole table.
   */
  listBatches(filter?: BatchFilter): AsyncGenerator<BatchInfo>;
}

/**
 * Finds the handler of a stack and gives a client for it.
 *
 * @throws ClientError if there is no such stack or handler
 */
export async function createClient(options: ClientOptions): Promise<BatchHandlerClient> {
  const { stack, handler: path, ...access } = options;
  const connection = await connect(access, stack, path);
  const { handler, batches } = connection;
  const { bucket } = handler.resources;
  return {
    handler,
    connection,
    async getBatch(batchId) {
      const batch = await batches.get(batchId);
      return batch && batchInfo(batch, bucket);
    },
    async *listBatches(filter = {}) {
      for await (const batch of listBatches(connection, filter)) yield batchInfo(batch, bucket);
    },
  };
}
