import type { PendingInvocation } from './invocationQueue.ts';
import type { InvocationResult } from './protocol.ts';

export type Condition = 'Success' | 'RetriesExhausted' | 'EventAgeExceeded';

/**
 * What Lambda sends to the destination of an asynchronous invocation.
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
 *
 * @param result undefined if the function never ran
 */
export function destinationRecord(
  invocation: PendingInvocation,
  functionArn: string,
  condition: Condition,
  result: InvocationResult | undefined,
): object {
  const { functionError } = result ?? {};
  return {
    version: '1.0',
    timestamp: new Date().toISOString(),
    requestContext: {
      requestId: invocation.requestId,
      functionArn: `${functionArn}:${invocation.qualifier}`,
      condition,
      approximateInvokeCount: invocation.attempts,
    },
    requestPayload: JSON.parse(invocation.payload),
    ...(result === undefined
      ? {}
      : {
          responseContext: {
            statusCode: 200,
            executedVersion: '$LATEST',
            ...(functionError === undefined ? {} : { functionError }),
          },
          responsePayload: JSON.parse(result.payload),
        }),
  };
}
