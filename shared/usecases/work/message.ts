import { NewerSchemaError, RefusedError, refusal } from '../../batch/errors.ts';
import {
  MESSAGE_SCHEMA_VERSION,
  type WorkMessage,
  workMessageSchema,
} from '../../batch/messages.ts';
import { LOG_MESSAGES } from '../../logMessages.ts';
import { METRICS } from '../../metrics.ts';
import type { Dependencies } from '../dependencies.ts';

/**
 * Reads a message of the work queue. A message that is malformed goes to the dead-letter queue with
 * its reason. Only this system sends to that queue, so such a message is a bug, or somebody moved
 * it there.
 *
 * @returns undefined for a message in the dead-letter queue
 * @throws NewerSchemaError for a message of a newer version, which must return to the queue
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
    log.error(LOG_MESSAGES.workMessageRefused, { messageId, reason: error.reason });
    metrics.count(METRICS.refused, 1);
    await queues.sendDeadLetter('work', body, `${code}: ${text}`, messageId);
    return undefined;
  }
}

/**
 * Parses a message of the work queue.
 *
 * @throws RefusedError for a malformed one
 * @throws NewerSchemaError for one of a newer version
 */
export function parseWorkMessage(body: string): WorkMessage {
  const message = parseJson(body);
  const version = (message as { schemaVersion?: unknown } | null)?.schemaVersion;
  if (typeof version === 'number' && version > MESSAGE_SCHEMA_VERSION) {
    throw new NewerSchemaError('the message', version);
  }
  const parsed = workMessageSchema.safeParse(message);
  if (parsed.success) return parsed.data;
  // The fields, but no values: a message that was moved here may contain a prompt.
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
