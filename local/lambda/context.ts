import type { InvokeMessage } from './protocol.ts';

/** The context object that a handler gets: the fields of Lambda's that can be told locally. */
export function contextOf(
  { requestId, deadlineAt, invokedFunctionArn }: InvokeMessage,
  environment: Readonly<Record<string, string | undefined>>,
): object {
  return {
    awsRequestId: requestId,
    callbackWaitsForEmptyEventLoop: true,
    functionName: environment.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: environment.AWS_LAMBDA_FUNCTION_VERSION,
    invokedFunctionArn,
    logGroupName: environment.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: environment.AWS_LAMBDA_LOG_STREAM_NAME,
    memoryLimitInMB: environment.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    getRemainingTimeInMillis: () => Math.max(0, deadlineAt - Date.now()),
  };
}
