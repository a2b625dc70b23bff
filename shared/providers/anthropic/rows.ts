import type Anthropic from '@anthropic-ai/sdk';
import { ProviderError, RefusedError } from '../../batch/errors.ts';
import type { Outcome } from '../../batch/job.ts';
import { lineGroups } from '../../jsonl/lines.ts';
import type { JobContext } from '../provider.ts';
import { unusableAnswer } from '../unusableAnswer.ts';
import { readWireId } from './customId.ts';
import { rowOf } from './result.ts';
import { downloadResults } from './results.ts';
import { resultSchema, type WireResult } from './wire.ts';

/** The rows of an ended job in the OpenAI batch output format, under their references. */
export async function* readRows(
  client: Anthropic,
  outcome: Outcome,
  job: JobContext,
): AsyncGenerator<readonly Uint8Array[]> {
  for (const jobId of outcome.files)
    try {
      for await (const group of lineGroups(downloadResults(client, jobId)))
        yield group.flatMap(({ bytes }) => rowsOf(bytes, job));
    } catch (error) {
      // A line over the limit: it will not be shorter the next time.
      throw error instanceof RefusedError ? new ProviderError('permanent', error.reason) : error;
    }
}

function rowsOf(bytes: Buffer, job: JobContext): readonly Uint8Array[] {
  const { custom_id: wireId, result } = parse(bytes);
  const id = readWireId(wireId);
  // Another submission's, which a job of ours cannot hold.
  return id?.key === job.key ? [rowOf(id.reference, result, job)] : [];
}

function parse(bytes: Buffer): WireResult {
  try {
    return resultSchema.parse(JSON.parse(bytes.toString()));
  } catch {
    // The parser's own message would quote the row.
    throw unusableAnswer(
      'Anthropic, read',
      `a row of ${bytes.length} bytes is none of the Batches API`,
    );
  }
}
