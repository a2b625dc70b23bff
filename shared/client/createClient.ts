import type { AwsAccess } from '../aws/clients/base.ts';
import { type BatchHandlerClient, clientOf } from './client.ts';
import type { ClientPorts } from './replacedPorts.ts';

export interface ClientOptions extends AwsAccess {
  /**
   * Name or ARN of the stack that contains the handler.
   *
   * @default the environment variable BATCH_HANDLER_STACK, else `BatchHandler`
   */
  readonly stack?: string | undefined;
  /** Path of the construct. Required if the stack has several handlers. */
  readonly handler?: string | undefined;
  /** Of a local stack, as `localStack` returns it: where batches say that the processor's log is. */
  readonly logDirectory?: string | undefined;
  /**
   * The ports of a handler whose construct has the prop `runtime`: the object that its functions give to
   * `createHandlers`, and `clientQueues` if its queues are replaced.
   */
  readonly ports?: ClientPorts | undefined;
}

/** The name of this project's own stack. */
const DEFAULT_STACK = 'BatchHandler';

/**
 * Finds the handler of a stack and creates a client for it. Without options, the stack, the region
 * and the credentials are those of the environment.
 *
 * @throws ClientError `no_region`, `unknown_stack`, `no_handler`, `unknown_handler`, or `several_handlers` if
 *   the stack has several and `handler` is not set. A method that needs a port which the handler has
 *   replaced and `ports` does not give throws `ports_missing`
 */
export async function createClient(options: ClientOptions = {}): Promise<BatchHandlerClient> {
  const { BATCH_HANDLER_STACK: named } = process.env;
  const { stack = named || DEFAULT_STACK, handler: path, logDirectory, ports, ...access } = options;
  // Imported here, so that a client without AWS loads no AWS SDK.
  const { connectAws } = await import('./awsConnection.ts');
  return clientOf(await connectAws(access, stack, { path, logDirectory, ports }));
}
