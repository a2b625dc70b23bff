import { messageOf } from '../../batch/errors.ts';
import type { Outcome } from '../../batch/job.ts';
import { answerRow, refusalRow } from '../translation/rows.ts';
import { classify } from './classify.ts';
import { REFERENCE_LABEL } from './names.ts';
import type { Outputs } from './outputs.ts';
import { type OutputRow, resultOf } from './result.ts';
import type { Route } from './route.ts';

/** The rows of what a job wrote, in the OpenAI batch output format, under their references. */
export async function* readRows(
  outputs: Outputs,
  outcome: Outcome,
  route: Route,
): AsyncGenerator<readonly Uint8Array[]> {
  // Answers do not all tell their time: that of collecting stands for it.
  const created = Math.floor(Date.now() / 1000);
  for (const file of outcome.files)
    try {
      for await (const group of outputs.rows(file))
        yield group.map((line) => rowOf(line, route, created)).filter((row) => row !== undefined);
    } catch (error) {
      throw classify(error, 'read');
    }
}

/** An answer that cannot be translated would be no other the next time, and cost the same. */
const UNREADABLE_STATUS = 422;

/** Undefined for a row that is not ours, or has neither answer nor error: it was not run. */
function rowOf(line: OutputRow, route: Route, created: number): Buffer | undefined {
  const reference = referenceIn(line);
  const result = resultOf(line);
  if (reference === undefined || result === undefined) return undefined;
  if ('error' in result) return refusalRow(reference, reference, result.error);
  try {
    const body = route.responseBody(result.response, { reference, created });
    return answerRow(reference, reference, body);
  } catch (error) {
    const unreadable = { status: UNREADABLE_STATUS, code: 'unreadable_answer' };
    return refusalRow(reference, reference, { ...unreadable, message: messageOf(error) });
  }
}

function referenceIn({ custom_id: id, request }: OutputRow): string | undefined {
  const reference = id ?? request?.labels?.[REFERENCE_LABEL];
  return typeof reference === 'string' ? reference : undefined;
}
