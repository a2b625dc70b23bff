import { createHash } from 'node:crypto';
import { ProviderError } from '../../batch/errors.ts';
import type { Outcome } from '../../batch/job.ts';
import { lineGroups } from '../../jsonl/lines.ts';
import { answerRow, errorRow, refusalRow } from '../../jsonl/rows.ts';
import {
  type LineReader,
  positionedRow,
  rowsOfLine,
  rowsOfObject,
} from '../../jsonl/unreadable.ts';
import { downloadHeaders, resumedDownload } from '../download.ts';
import { malformedAnswer } from '../errors.ts';
import { rpcRowError } from '../google/status.ts';
import { EMBEDDINGS, type JobContext } from '../provider.ts';
import { chatCompletionOfGemini, embeddingsOfGemini } from '../translation/geminiAnswer.ts';
import { answerBody } from '../translation/responsesAnswer.ts';
import { type Client, inlinedOutputSchema, resultSchema, VERSION, type WireResult } from './api.ts';
import { classify } from './errors.ts';
import { readBatch } from './jobs.ts';

/** The rows of an ended job in the OpenAI batch output format. */
export async function* readRows(
  client: Client,
  outcome: Outcome,
  job: JobContext,
): AsyncGenerator<readonly Uint8Array[]> {
  // The API does not say when it answered: the time of collecting is used.
  const reader = readerFor(job, Math.floor(Date.now() / 1000));
  for (const file of outcome.files)
    try {
      if (file.startsWith('batches/'))
        yield (await readInlined(client, file)).flatMap((line, index) =>
          line.key === undefined ? rowsAt(index, line, reader) : rowsOfObject(line, reader),
        );
      else
        for await (const group of lineGroups(downloadResults(client, file)))
          yield group.flatMap(({ bytes }) => rowsOfLine(bytes, reader));
    } catch (error) {
      throw classify(error, 'read');
    }
}

function readerFor(job: JobContext, created: number): LineReader<{ key?: unknown }> {
  return {
    idFields: 'key',
    idOf: (line) => line.key,
    referenceOf: (key) => key,
    rowOf: (_key, line) => rowOf(resultSchema.parse(line), job, created),
  };
}

/**
 * A result without its key. Inline results are "in the same order as the input requests":
 * `InlinedResponses` of https://ai.google.dev/api/batch-api. That they come without metadata:
 * https://github.com/googleapis/python-genai/issues/1886
 */
function rowsAt(
  position: number,
  line: object,
  reader: LineReader<{ key?: unknown }>,
): readonly Uint8Array[] {
  const rows = rowsOfObject({ ...line, key: `position ${position}` }, reader);
  return rows.map((row) => positionedRow(row, position));
}

/** Reads the results in a job itself. They are few, because the job contains the requests, too. */
async function readInlined(client: Client, jobId: string): Promise<{ key?: unknown }[]> {
  const batch = await readBatch(client, jobId);
  if (batch === undefined)
    throw new ProviderError('missing', {
      code: 'NOT_FOUND',
      message: `Gemini, read: ${jobId} does not exist`,
    });
  const output = inlinedOutputSchema.parse(batch.response ?? batch.metadata?.output ?? {});
  return [output.inlinedResponses, output.inlinedEmbedContentResponses]
    .flatMap((list) => list?.inlinedResponses ?? [])
    .map(({ metadata, ...result }) => ({ ...result, key: metadata?.key }));
}

/** One result as a row of the OpenAI batch output format. */
export function rowOf(result: WireResult, job: JobContext, created: number): Buffer {
  const { key, response } = result;
  const id = requestIdOf(job.key, key);
  const error = result.error ?? result.status;
  if (response == null) {
    if (error == null)
      return errorRow(key, { code: 'request_missing', message: 'Gemini gave no answer.' });
    return refusalRow(key, id, rpcRowError(error, 'Gemini'));
  }
  try {
    return answerRow(key, id, responseBodyOf(response, job, { id, created }));
  } catch (malformed) {
    return refusalRow(key, id, malformedAnswer('Gemini', malformed));
  }
}

function responseBodyOf(
  response: NonNullable<WireResult['response']>,
  { format, endpoint, model }: JobContext,
  facts: { readonly id: string; readonly created: number },
): object {
  if (format === 'native') return response;
  return endpoint === EMBEDDINGS
    ? embeddingsOfGemini(response, model)
    : answerBody(endpoint, chatCompletionOfGemini(response, { ...facts, model }));
}

/** The id of an answer without one: the same whenever the row is read. */
function requestIdOf(submissionKey: string, key: string): string {
  return createHash('sha256').update(`${submissionKey} ${key}`).digest('hex').slice(0, 32);
}

/** The bytes of a file of results: JSON lines, in any order. */
function downloadResults({ rest, url }: Client, file: string): AsyncGenerator<Uint8Array> {
  return resumedDownload({
    async open(signal, from) {
      try {
        // https://ai.google.dev/gemini-api/docs/batch-api#retrieve-batch-results
        const target = url(`/download/${VERSION}/${file}:download?alt=media`);
        const headers = downloadHeaders(from);
        return await rest.open({ method: 'GET', url: target, headers }, signal);
      } catch (error) {
        throw classify(error, 'read');
      }
    },
    classify: (error) => classify(error, 'read'),
  });
}
