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
