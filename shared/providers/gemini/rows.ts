import { createHash } from 'node:crypto';
import { messageOf, ProviderError } from '../../batch/errors.ts';
import type { Outcome } from '../../batch/job.ts';
import { lineGroups } from '../../jsonl/lines.ts';
import { errorRow } from '../../jsonl/rows.ts';
import { rowErrorOf } from '../google/status.ts';
import { resumedDownload, unusableAnswer } from '../http.ts';
import { EMBEDDINGS, type JobContext } from '../provider.ts';
import { chatCompletionOf, embeddingsOf } from '../translation/geminiAnswer.ts';
import { answerRow, refusalRow } from '../translation/rows.ts';
import {
  type Client,
  classify,
  inlinedOutputSchema,
  resultSchema,
  VERSION,
  type WireResult,
} from './api.ts';
import { readBatch } from './jobs.ts';

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

/** One result as a row of the OpenAI batch output format. */
export function rowOf(result: WireResult, job: JobContext, created: number): Buffer {
  const { key, response } = result;
  const id = requestIdOf(job.key, key);
  const error = result.error ?? result.status;
  if (response == null) {
    if (error == null)
      return errorRow(key, { code: 'request_missing', message: 'Gemini gave no answer.' });
    return refusalRow(key, id, rowErrorOf(error, 'Gemini'));
  }
  try {
    return answerRow(key, id, bodyOf(response, job, { id, created }));
  } catch (unreadable) {
    const message = `Gemini, row: ${messageOf(unreadable)}`;
    // The model may do better the next time.
    return refusalRow(key, id, { status: 502, code: 'unusable_answer', message });
  }
}

function bodyOf(
  response: NonNullable<WireResult['response']>,
  { format, endpoint, model }: JobContext,
  facts: { readonly id: string; readonly created: number },
): object {
  if (format === 'native') return response;
  return endpoint === EMBEDDINGS
    ? embeddingsOf(response, { model })
    : chatCompletionOf(response, { ...facts, model });
}

/** For answers that have no id of their own: the same whenever the row is read. */
function requestIdOf(submissionKey: string, key: string): string {
  return createHash('sha256').update(`${submissionKey} ${key}`).digest('hex').slice(0, 32);
}

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
