import { type BedrockClient, StopModelInvocationJobCommand } from '@aws-sdk/client-bedrock';
import { classify } from './classify.ts';
import { readOptions } from './clients.ts';

/** Asks Bedrock to end a job. */
export async function cancel(client: BedrockClient, jobId: string): Promise<void> {
  try {
    await client.send(new StopModelInvocationJobCommand({ jobIdentifier: jobId }), readOptions());
  } catch (error) {
    const failure = classify(error, 'read');
    // 400: it has ended, or is ending already.
    const hasEnded = failure.kind === 'permanent' || failure.reason.code === 'ConflictException';
    if (!hasEnded && failure.kind !== 'missing') throw failure;
  }
}
