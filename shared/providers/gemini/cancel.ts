import { type Client, classify, VERSION } from './client.ts';

/** Asks the API to end a job. */
export async function cancel({ rest, url }: Client, jobId: string): Promise<void> {
  try {
    await rest.done({ method: 'POST', url: url(`/${VERSION}/${jobId}:cancel`), json: {} });
  } catch (error) {
    const failure = classify(error, 'read');
    // A refusal: it has ended, or is ending already.
    if (failure.kind !== 'permanent' && failure.kind !== 'missing') throw failure;
  }
}
