import { type Client, classify, VERSION } from './client.ts';

/**
 * Deletes a file or the record of a job, if it is there. A file that the API refuses to delete is
 * left to its expiry, after 48 hours.
 */
export async function remove(
  { rest, url }: Client,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await rest.done({ method: 'DELETE', url: url(`/${VERSION}/${name}`) }, signal);
  } catch (error) {
    const failure = classify(error, 'read');
    if (failure.kind !== 'missing' && failure.kind !== 'permanent') throw failure;
  }
}
