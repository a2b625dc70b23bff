import type { IncomingMessage } from 'node:http';
import type { Reply } from '../engine/router.ts';
import type { ApiError } from './errors.ts';

/** What differs between the services that speak OpenAI's Batch API. */
export interface Dialect {
  /** The service's name in errors about options. */
  readonly name: string;
  readonly basePath: string;
  /** Throws ApiError for a call with a wrong key or none. */
  readonly authorizer: (
    apiKeys: readonly string[] | undefined,
  ) => (request: IncomingMessage) => void;
  readonly renderError: (error: unknown) => Reply;
  readonly maxRequests: number;
  /** The shortest life of a file, in seconds. */
  readonly minLifeSeconds: number;
  /** The endpoints that a create call may name. */
  readonly jobEndpoints: readonly string[];
  /** The endpoint that the `url` of a line means. */
  readonly endpointOf: (url: string) => string;
  /** Whether a job's endpoint is that of its first line, whatever the create call names. */
  readonly endpointFromLines: boolean;
  /** Checks the body of a line beyond what all services check. */
  readonly checkBody: (body: Readonly<Record<string, unknown>>) => ApiError | undefined;
  readonly codes: { readonly url: string; readonly model: string };
  /** Whether a job without errors still has an error file, which is empty. */
  readonly keepsEmptyErrors: boolean;
  readonly showBatch: (batch: BatchObject) => object;
}

/** A batch as OpenAI shows it. Undefined fields are not sent. */
interface BatchObject {
  readonly status: string;
  readonly errors?: object | undefined;
  readonly output_file_id?: string | undefined;
  readonly error_file_id?: string | undefined;
  readonly request_counts: {
    readonly total: number;
    readonly completed: number;
    readonly failed: number;
  };
}
