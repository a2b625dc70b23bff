import type { IncomingMessage } from 'node:http';
import type { Reply } from '../engine/router.ts';
import { type ApiError, renderError } from './errors.ts';
import { authorizer } from './index.ts';
import type { batchObject } from './objects.ts';
import { ENDPOINTS } from './replies.ts';

/** How a service that speaks OpenAI's Batch API does it: what is not the same everywhere. */
export interface Dialect {
  /** Of the service, for errors of options. */
  readonly name: string;
  /** What the API is under. */
  readonly basePath: string;
  /** Throws ApiError for a call without a key, or with a wrong one. */
  readonly authorizer: (
    apiKeys: readonly string[] | undefined,
  ) => (request: IncomingMessage) => void;
  readonly renderError: (error: unknown) => Reply;
  readonly maxRequests: number;
  /** The shortest life of a file, in seconds. */
  readonly minLifeSeconds: number;
  /** What a create call may name as its endpoint. */
  readonly jobEndpoints: readonly string[];
  /** The endpoint that the `url` of a line means. */
  readonly endpointOf: (url: string) => string;
  /** The first line says which endpoint the job is for, whatever the create call names. */
  readonly linesDecide: boolean;
  /** What else is wrong with the body of a line, if anything. */
  readonly checkBody: (body: Readonly<Record<string, unknown>>) => ApiError | undefined;
  readonly codes: { readonly url: string; readonly model: string };
  /** A job without errors has an error file all the same, of no bytes. */
  readonly keepsEmptyErrors: boolean;
  readonly showBatch: (batch: ReturnType<typeof batchObject>) => object;
}

export const OPENAI: Dialect = {
  name: 'OpenAI',
  basePath: '/v1',
  authorizer,
  renderError,
  // developers.openai.com, Batch, "up to 50,000 requests"
  maxRequests: 50_000,
  minLifeSeconds: 3600,
  jobEndpoints: ENDPOINTS,
  endpointOf: (url) => url,
  linesDecide: false,
  checkBody: () => undefined,
  codes: { url: 'invalid_url', model: 'mismatched_model' },
  keepsEmptyErrors: false,
  showBatch: (batch) => batch,
};
