import { rm } from 'node:fs/promises';
import { omitUndefined } from '../../shared/omitUndefined.ts';
import { LineWriter } from '../engine/lines.ts';
import { type JobOutput, type RowCost, type RunRequest, writeRows } from '../engine/run.ts';
import { type Files, outputFileId } from './files.ts';

interface Rows {
  readonly jobId: string;
  readonly requests: AsyncIterable<RunRequest>;
  /** The row of a request, and what it cost if it was run. Undefined: it has no row. */
  readonly rowOf: (
    request: RunRequest,
  ) => { readonly row: object; readonly cost: RowCost | undefined } | undefined;
  /** The id of a file. It must be the same if the writing is repeated after a kill. */
  readonly idOf?: (jobId: string, name: 'output' | 'error') => string;
  /** Whether there is an error file without rows. Default: an empty file does not exist. */
  readonly keepsEmptyErrors?: boolean;
  /** Default: the files do not expire. */
  readonly lifeSeconds?: number | undefined;
}

/** Writes the rows of requests that succeeded to the job's output file, the others to its error file. */
export async function writeOutputFiles(
  files: Files,
  { jobId, requests, rowOf, idOf = outputFileId, keepsEmptyErrors = false, lifeSeconds }: Rows,
): Promise<{
  readonly written: JobOutput;
  readonly outputId?: string;
  readonly errorId?: string;
}> {
  const outputPath = files.temporaryPath();
  const errorPath = files.temporaryPath();
  const output = await LineWriter.create(outputPath);
  const errors = await LineWriter.create(errorPath);
  let written: JobOutput;
  try {
    written = await writeRows(requests, async (request) => {
      const found = rowOf(request);
      if (found === undefined) return undefined;
      const { row, cost } = found;
      await (cost && !cost.hasFailed ? output : errors).write(JSON.stringify(row));
      return cost;
    });
  } finally {
    for (const file of [output, errors]) await file.close();
  }
  const keep = async (name: 'output' | 'error', path: string, { bytes }: LineWriter) => {
    if (bytes === 0 && !(name === 'error' && keepsEmptyErrors)) {
      await rm(path);
      return undefined;
    }
    const id = idOf(jobId, name);
    const filename = `${jobId}_${name}.jsonl`;
    files.add({ id, filename, bytes, purpose: 'batch_output' }, path, lifeSeconds);
    return id;
  };
  return {
    written,
    ...omitUndefined({
      outputId: await keep('output', outputPath, output),
      errorId: await keep('error', errorPath, errors),
    }),
  };
}
