import type { ObjectRef } from '../batch/ports.ts';
import type { ItemTable } from '../stores/itemTable.ts';
import type { Dependencies } from '../usecases/dependencies.ts';

/** Who makes a request, as its key says. */
export interface Caller {
  /** Id of the key, which is no secret; of a server on the loopback, `operator`. */
  readonly keyId: string;
  /** Only what belongs to this tenant is seen and made. Undefined: what belongs to none. */
  readonly tenant?: string | undefined;
  /** The provider entries that it may use. Undefined: all. */
  readonly providers?: readonly string[] | undefined;
  /** Whether it sees what belongs to any tenant: the person who runs the handler, on the loopback. */
  readonly isOperator: boolean;
}

/**
 * Finds out who makes a request, before anything else of it is read.
 *
 * @param authorization the header, as it came
 * @throws ApiError 401 for a key that is absent, malformed, unknown, revoked or expired, always the
 *   same; 429 with `retry-after` above the key's requests per minute
 */
export type Authenticate = (authorization: string | undefined) => Promise<Caller>;

/** What the HTTP application is made of: the ports of the use cases, and what its host provides. */
export interface HttpPorts
  extends Pick<
    Dependencies,
    | ('policy' | 'clock' | 'chance' | 'batches' | 'providerStates' | 'queues' | 'objects')
    | ('tableName' | 'tenants' | 'providers' | 'processor' | 'bus' | 'log' | 'metrics')
  > {
  /** The table: files, uploads and keys are in it, beside the batches. */
  readonly items: ItemTable;
  readonly authenticate: Authenticate;
  /**
   * Signs a URL by which anybody can read an object for some time. Absent: content is streamed through
   * the application.
   */
  readonly presign?:
    | ((object: ObjectRef, options: { readonly seconds: number }) => Promise<string>)
    | undefined;
  /** Bytes of the largest content that is streamed although its URL could be signed. Default: 0. */
  readonly maxUnsignedBytes?: number | undefined;
  /** Bytes of the largest body that reaches the application through its host. Default: any. */
  readonly maxBodyBytes?: number | undefined;
  /** Waits, in a test without any time. Default: by a timer. */
  readonly wait?: ((milliseconds: number) => Promise<unknown>) | undefined;
}
