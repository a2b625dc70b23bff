import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import type { Processor } from '../batch/ports.ts';

/** @param functionArn of the user's function, with its qualifier if it has one */
export function realProcessor(client: LambdaClient, functionArn: string): Processor {
  return {
    async invoke(event) {
      await client.send(
        new InvokeCommand({
          FunctionName: functionArn,
          InvocationType: 'Event',
          Payload: Buffer.from(JSON.stringify(event)),
        }),
      );
    },
  };
}
