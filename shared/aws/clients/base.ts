import type { SQSClientConfig } from '@aws-sdk/client-sqs';

/**
 * How AWS is reached, in the words of the SDK's clients: region, profile, credentials, endpoint.
 * Default: what the SDK finds in the environment.
 */
export type AwsAccess = Pick<SQSClientConfig, 'region' | 'profile' | 'credentials' | 'endpoint'>;

/**
 * Bounds for a client: the SDK's own are none for requests that hang and a warning for slow ones.
 *
 * @param requestTimeoutMs from sending a request to the head of its answer; 0 for no bound
 * @param idleTimeoutMs longest silence on the socket, also while a body streams
 * @param maxSockets calls under way at one time; the others wait
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
