import { InvokeCommand, type LambdaClient, LambdaServiceException } from '@aws-sdk/client-lambda';
import { InvocationRefusedError } from '../batch/errors.ts';
import type { Processor } from '../batch/ports.ts';

/** @param functionArn ARN of the user's function, with its qualifier if it has one */
export function realProcessor(client: LambdaClient, functionArn: string): Processor {
  return {
    async invoke(event) {
      try {
        await client.send(
          new InvokeCommand({
            FunctionName: functionArn,
            InvocationType: 'Event',
            Payload: Buffer.from(JSON.stringify(event)),
          }),
        );
      } catch (error) {
        if (!isRefusal(error)) throw error;
        throw new InvocationRefusedError(error.message, { cause: error });
      }
    },
  };
}

/**
 * Whether Lambda has refused the invocation for certain. If the SDK has repeated the call, Lambda may
 * have accepted an earlier try whose reply was lost.
 */
function isRefusal(error: unknown): error is LambdaServiceException {
  if (!(error instanceof LambdaServiceException)) return false;
  return error.$fault === 'client' && error.$metadata.attempts === 1;
}
