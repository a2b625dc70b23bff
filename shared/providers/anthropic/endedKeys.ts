import type Anthropic from '@anthropic-ai/sdk';
import { ProviderError } from '../../batch/errors.ts';
import { lines } from '../../jsonl/lines.ts';
import { unusableAnswer } from '../unusableAnswer.ts';
import { readWireId } from './customId.ts';
import { downloadResults } from './results.ts';
import { resultSchema } from './wire.ts';

/** Of an ended job, which never changes. */
export interface EndedKeys {
  /** The submission key in its results; undefined if they are gone, or not ours. */
  keyOf(jobId: string): Promise<string | undefined>;
}

const MAX_KNOWN = 10_000;

/** Reads one line of a job's results, once per job: listings come by every minute. */
export function endedKeys(client: Anthropic): EndedKeys {
  const known = new Map<string, string | undefined>();
  return {
    async keyOf(jobId) {
      if (known.has(jobId)) return known.get(jobId);
      const key = await readKey(client, jobId);
      if (known.size >= MAX_KNOWN) known.clear();
      known.set(jobId, key);
      return key;
    },
  };
}

async function readKey(client: Anthropic, jobId: string): Promise<string | undefined> {
  try {
    // Leaving the loop aborts the download.
    for await (const { bytes } of lines(downloadResults(client, jobId)))
      return readWireId(customIdOf(bytes))?.key;
    return undefined;
  } catch (error) {
    // Results that expired, or whose job was deleted.
    if (error instanceof ProviderError && error.kind === 'missing') return undefined;
    throw error;
  }
}

function customIdOf(bytes: Buffer): string {
  try {
    return resultSchema.pick({ custom_id: true }).parse(JSON.parse(bytes.toString())).custom_id;
  } catch {
    // The parser's own message would quote the row.
    throw unusableAnswer(
      'Anthropic, read',
      'the first row of the results is none of the Batches API',
    );
  }
}
