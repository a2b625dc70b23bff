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
  /** The completion windows that a create call may name. */
  readonly windows: readonly string[];
  /** The fields that a create call may have, by the query of the call. */
  readonly createFields: (query: URLSearchParams) => readonly string[];
  /** The fields that an upload may have beside the file. */
  readonly uploadFields: (query: URLSearchParams) => readonly string[];
  /** From an upload to when a job may read it, in milliseconds. */
  readonly processingMs: number;
  /** The parameter of a listing that says where it begins. */
  readonly cursor: 'after' | 'cursor';
  readonly showBatch: (batch: BatchObject, query: URLSearchParams) => object;
  readonly showList: (list: ListObject, of: 'batches' | 'files', query: URLSearchParams) => object;
}

/** https://developers.openai.com/api/reference/resources/batches/methods/create */
export const CREATE_FIELDS = [
  'completion_window',
  'endpoint',
  'input_file_id',
  'metadata',
  'output_expires_after',
];
/** https://developers.openai.com/api/reference/resources/files/methods/create */
export const UPLOAD_FIELDS = ['expires_after', 'purpose'];

/** A page of a listing as OpenAI shows it. */
interface ListObject {
  readonly data: readonly unknown[];
  readonly has_more: boolean;
  readonly last_id?: string | undefined;
}

/** A batch as OpenAI shows it. Undefined fields are not sent. */
interface BatchObject {
  readonly id: string;
  readonly status: string;
  readonly created_at: number | undefined;
  readonly input_file_id: string;
  readonly metadata: object | null;
  readonly errors?: object | undefined;
  readonly output_file_id?: string | undefined;
  readonly error_file_id?: string | undefined;
  readonly request_counts: {
    readonly total: number;
    readonly completed: number;
    readonly failed: number;
  };
}
