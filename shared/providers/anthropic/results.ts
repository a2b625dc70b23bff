import type Anthropic from '@anthropic-ai/sdk';
import { READ_DEADLINE_MS } from '../readBounds.ts';
import { openWithin, resumedDownload } from '../resumedDownload.ts';
import { classify } from './classify.ts';

/** The bytes of a job's results: JSON lines, in any order. */
export function downloadResults(client: Anthropic, jobId: string): AsyncGenerator<Uint8Array> {
  return resumedDownload({
    open: (signal) => open(client, jobId, signal),
    classify: (error) => classify(error, 'read'),
  });
}

async function open(client: Anthropic, jobId: string, signal: AbortSignal): Promise<Response> {
  // Not `batches.results`: it sends the key to whatever URL an answer names.
  const path = `/v1/messages/batches/${encodeURIComponent(jobId)}/results`;
  // So that Content-Length counts the bytes we see.
  const headers = { accept: 'application/binary', 'accept-encoding': 'identity' };
  try {
    return await openWithin(READ_DEADLINE_MS, signal, (within) =>
      client.get(path, { signal: within, headers }).asResponse(),
    );
  } catch (error) {
    throw classify(error, 'read');
  }
}
