import { SCHEMA_VERSION } from '../../batch/batch.ts';
import { NewerSchemaError } from '../../batch/errors.ts';
import { type WorkMessage, workMessageSchema } from '../../batch/messages.ts';

/** Parses a message of the work queue. Only this system sends there: what is malformed is a bug. */
export function parseWorkMessage(body: string): WorkMessage {
  const message: unknown = JSON.parse(body);
  const version = (message as { schemaVersion?: unknown } | null)?.schemaVersion;
  if (typeof version === 'number' && version > SCHEMA_VERSION) {
    throw new NewerSchemaError('the message', version);
  }
  return workMessageSchema.parse(message);
}
