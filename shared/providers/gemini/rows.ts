import { ProviderError } from '../../batch/errors.ts';
import type { Outcome } from '../../batch/job.ts';
import { lineGroups } from '../../jsonl/lines.ts';
import type { JobContext } from '../provider.ts';
import { unusableAnswer } from '../unusableAnswer.ts';
import { readBatch } from './check.ts';
import { type Client, classify } from './client.ts';
import { rowOf } from './result.ts';
import { downloadResults } from './results.ts';
import { inlinedOutputSchema, resultSchema, type WireResult } from './wire.ts';

/** The rows of an ended job in the OpenAI batch output format. */
export async function* readRows(
  client: Client,
  outcome: Outcome,
  job: JobContext,
): AsyncGenerator<readonly Uint8Array[]> {
  // The API does not tell when it answered: the time of collecting stands for it.
  const created = Math.floor(Date.now() / 1000);
  for (const file of outcome.files)
    try {
      if (file.startsWith('batches/'))
        yield (await readInlined(client, file)).map((result) => rowOf(result, job, created));
      else
        for await (const group of lineGroups(downloadResults(client, file)))
          yield group.map(({ bytes }) => rowOf(parse(bytes), job, created));
    } catch (error) {
      throw classify(error, 'read');
    }
}

/** Results that stand in the job: few, since the requests did, too. */
async function readInlined(client: Client, jobId: string): Promise<WireResult[]> {
  const batch = await readBatch(client, jobId);
  if (batch === undefined)
    throw new ProviderError('missing', {
      code: 'NOT_FOUND',
      message: `Gemini, read: ${jobId} is not there`,
    });
  const output = inlinedOutputSchema.parse(batch.response ?? batch.metadata.output ?? {});
  return [output.inlinedResponses, output.inlinedEmbedContentResponses]
    .flatMap((list) => list?.inlinedResponses ?? [])
    .map(({ metadata: { key }, ...result }) => ({ key, ...result }));
}

function parse(bytes: Buffer): WireResult {
  try {
    return resultSchema.parse(JSON.parse(bytes.toString()));
  } catch {
    // The parser's own message would quote the row.
    throw unusableAnswer('Gemini, read', `a row of ${bytes.length} bytes is none of the Batch API`);
  }
}
