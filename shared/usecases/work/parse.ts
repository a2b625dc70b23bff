import { SCHEMA_VERSION } from '../../batch/batch.ts';
import { NewerSchemaError, RefusedError, refusal } from '../../batch/errors.ts';
import { type WorkMessage, workMessageSchema } from '../../batch/messages.ts';
import { METRICS } from '../../metrics.ts';
import type { Dependencies } from '../dependencies.ts';

/**
 * Reads a message of the work queue. One that can never be understood is put into the dead-letter
 * queue with its reason: only this system sends there, so it is a bug or was moved there by hand.
 *
 * @returns undefined if the message was put aside
 * @throws NewerSchemaError for a message of a newer version, which must go back to the queue
 */
export async function acceptWork(
  { queues, log, metrics }: Pick<Dependencies, 'queues' | 'log' | 'metrics'>,
  { body, messageId }: { readonly body: string; readonly messageId: string },
): Promise<WorkMessage | undefined> {
  try {
    return parseWorkMessage(body);
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    const { code, message: text } = error.reason;
    log.error('work message refused', { messageId, reason: error.reason });
    metrics.count(METRICS.refused, 1);
    await queues.sendDeadLetter('work', body, `${code}: ${text}`, messageId);
    return undefined;
  }
}

/**
 * Parses a message of the work queue.
 *
 * @throws RefusedError for one that is malformed
 * @throws NewerSchemaError for one of a newer version
 */
export function parseWorkMessage(body: string): WorkMessage {
  const message = parseJson(body);
  const version = (message as { schemaVersion?: unknown } | null)?.schemaVersion;
  if (typeof version === 'number' && version > SCHEMA_VERSION) {
    throw new NewerSchemaError('the message', version);
  }
  const parsed = workMessageSchema.safeParse(message);
  if (parsed.success) return parsed.data;
  // What is wrong and where, but no value: a message that was moved here may hold a prompt.
  const issues = parsed.error.issues.map(({ path, message: text }) => `${path.join('.')}: ${text}`);
  throw refusal('invalid_work_message', issues.join('; '));
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw refusal('invalid_json', 'the message is not JSON');
  }
}
