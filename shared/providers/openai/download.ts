import type OpenAI from 'openai';
import { READ_DEADLINE_MS } from '../readBounds.ts';
import { openWithin, resumedDownload } from '../resumedDownload.ts';
import { classify } from './classify.ts';

/** A file's bytes, each once and in order. The API has no ranges. */
export function download(client: OpenAI, fileId: string): AsyncGenerator<Uint8Array> {
  // So that Content-Length counts the bytes we see.
  const headers = { 'accept-encoding': 'identity' };
  const open = (signal: AbortSignal) => client.files.content(fileId, { signal, headers });
  return resumedDownload({
    open: (signal) =>
      openWithin(READ_DEADLINE_MS, signal, open).catch((error: unknown) => {
        throw classify(error, 'read');
      }),
    classify: (error) => classify(error, 'read'),
  });
}
