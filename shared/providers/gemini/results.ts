import { resumedDownload } from '../resumedDownload.ts';
import { type Client, classify, VERSION } from './client.ts';

/** The bytes of a file of results: JSON lines, in any order. */
export function downloadResults({ rest, url }: Client, file: string): AsyncGenerator<Uint8Array> {
  return resumedDownload({
    async open(signal) {
      try {
        // https://ai.google.dev/gemini-api/docs/batch-api#retrieve-batch-results
        const target = url(`/download/${VERSION}/${file}:download?alt=media`);
        // So that Content-Length counts the bytes we see.
        const headers = { 'accept-encoding': 'identity' };
        return await rest.open({ method: 'GET', url: target, headers }, signal);
      } catch (error) {
        throw classify(error, 'read');
      }
    },
    classify: (error) => classify(error, 'read'),
  });
}
