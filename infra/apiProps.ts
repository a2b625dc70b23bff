import type { Duration } from 'aws-cdk-lib';

/** The HTTP API of a handler: OpenAI's Files, Uploads, Batches and Models API behind a function URL. */
export interface ApiProps {
  /**
   * How many requests the API answers at the same time: what is above gets status 429. It bounds what a
   * flood of requests can cost. It is taken from the concurrency of the account, which keeps 100
   * unreserved: a new account has none to reserve.
   *
   * @default - none is reserved: the account's concurrency is the bound
   */
  readonly reservedConcurrency?: number;
  /**
   * Longest time for one request. Completing an upload waits for the worker for 20 seconds, so it has
   * to be longer than that.
   *
   * @default Duration.minutes(1)
   */
  readonly timeout?: Duration;
  /**
   * Memory of the function, in MiB. Lambda assigns CPU in proportion to it.
   *
   * @default 512
   */
  readonly memorySize?: number;
}
