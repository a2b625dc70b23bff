import type { Outcome } from '../../batch/job.ts';
import type { ObjectStore } from '../../batch/ports.ts';
import { lineGroups } from '../../jsonl/lines.ts';
import { parseRow } from '../jsonRow.ts';
import { answerRow, refusalRow } from '../translation/rows.ts';
import { classify } from './classify.ts';
import { isPadding } from './padding.ts';
import type { Route } from './route.ts';
import { rowErrorOf, unusable } from './rowErrors.ts';

/** A line of the output, which repeats the request: that part is not looked at. */
interface OutputLine {
  readonly recordId?: unknown;
  readonly modelOutput?: unknown;
  readonly error?: unknown;
}

/** The rows of what a job wrote, without its padding. */
export async function* readRows(
  objects: ObjectStore,
  outcome: Outcome,
  route: Route,
): AsyncGenerator<readonly Uint8Array[]> {
  // Bedrock does not tell when it answered: the time of collecting stands for it.
  const created = Math.floor(Date.now() / 1000);
  for (const key of outcome.files)
    try {
      for await (const group of lineGroups(objects.read(key)))
        yield group
          .map(({ bytes }) => rowOf(parseRow(bytes), route, created))
          .filter((row) => row !== undefined);
    } catch (error) {
      throw classify(error, 'read');
    }
}

/** Undefined for padding, and for a record that has neither answer nor error: it was not run. */
function rowOf(line: OutputLine, route: Route, created: number): Buffer | undefined {
  const { recordId, modelOutput, error } = line;
  if (typeof recordId !== 'string' || isPadding(recordId)) return undefined;
  if (error != null) return refusalRow(recordId, recordId, rowErrorOf(error));
  if (modelOutput == null) return undefined;
  try {
    const body = route.responseBody(modelOutput, { recordId, created });
    return answerRow(recordId, recordId, body);
  } catch (unreadable) {
    return refusalRow(recordId, recordId, unusable(unreadable));
  }
}
