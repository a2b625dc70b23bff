import type { SQSClientConfig } from '@aws-sdk/client-sqs';

/** Options of an AWS SDK client. Default: what the SDK finds in the environment. */
export type AwsAccess = Pick<SQSClientConfig, 'region' | 'profile' | 'credentials' | 'endpoint'>;

/**
 * Timeouts and limits of a client. By default the SDK has no timeout for requests that hang.
 *
 * @param requestTimeoutMs from sending a request to the headers of its response; 0 for no timeout
 * @param idleTimeoutMs longest silence on the socket, also while a body streams
 * @param maxSockets concurrent calls; further calls wait. Default 50
 */
export function bounds(options: {
  requestTimeoutMs: number;
  idleTimeoutMs: number;
  maxSockets?: number;
}) {
  const { requestTimeoutMs, idleTimeoutMs, maxSockets = 50 } = options;
  return {
    maxAttempts: 5,
    retryMode: 'standard',
    requestHandler: {
      connectionTimeout: 3_000,
      requestTimeout: requestTimeoutMs,
      throwOnRequestTimeout: true,
      socketTimeout: idleTimeoutMs,
      httpAgent: { maxSockets },
      httpsAgent: { maxSockets },
    },
  };
}
