import type { JobContext } from '../provider.ts';

/** One line of an input file, in the envelope of the OpenAI batch format. */
export interface RequestLine {
  readonly custom_id: string;
  readonly method: string;
  readonly url: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Gives the very same line back if it is sent as it is. */
export type LineChange = (line: RequestLine) => RequestLine;

/** What differs between the services that speak OpenAI's Batch API. */
export interface Dialect {
  /** How the lines of a job are changed on their way. Undefined: the file is sent as it is. */
  lineChange(job: JobContext): LineChange | undefined;
  /** The path that the create call names, for that of the requests. */
  jobEndpoint(endpoint: string): string;
  /** How long the service keeps results whose options say nothing. Undefined: as it likes. */
  readonly outputExpiresAfterSeconds?: number;
  /**
   * It may not know what is newer than the API's first version: an upload is repeated without its
   * expiry, and a listed job without metadata is known by the name of its input file.
   */
  readonly isTolerant: boolean;
}
