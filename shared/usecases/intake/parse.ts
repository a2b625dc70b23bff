import type * as z from 'zod';
import { SCHEMA_VERSION } from '../../batch/batch.ts';
import { NewerSchemaError, refusal } from '../../batch/errors.ts';
import {
  addMessageSchema,
  type BatchQueueMessage,
  commandMessageSchema,
  inboxMessageSchema,
  pointerMessageSchema,
  providerMessageSchema,
  requeueMessageSchema,
} from '../../batch/messages.ts';

const SCHEMAS: Readonly<Record<string, z.ZodType<BatchQueueMessage>>> = {
  add: addMessageSchema,
  cancel: commandMessageSchema,
  retry: commandMessageSchema,
  redeliver: commandMessageSchema,
  pause: providerMessageSchema,
  resume: providerMessageSchema,
  requeue: requeueMessageSchema,
  inbox: inboxMessageSchema,
  pointer: pointerMessageSchema,
};

/**
 * Parses the body of a message of the batch queue.
 *
 * @throws RefusedError naming the field, what it holds and what is allowed
 * @throws NewerSchemaError for a message of a newer version, which must go back to the queue
 */
export function parseBatchMessage(body: string): BatchQueueMessage {
  const message = parseObject(body);
  const { schemaVersion, action = 'add' } = message;
  if (typeof schemaVersion === 'number' && schemaVersion > SCHEMA_VERSION) {
    throw new NewerSchemaError('the message', schemaVersion);
  }
  const schema = typeof action === 'string' ? SCHEMAS[action] : undefined;
  if (!schema) {
    const allowed = Object.keys(SCHEMAS).join(', ');
    throw refusal('unknown_action', `action ${quote(action)} is unknown: use one of ${allowed}`);
  }
  const parsed = schema.safeParse(message);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.slice(0, 3).map((issue) => describe(issue, message));
  throw refusal('invalid_message', issues.join('; '));
}

function parseObject(body: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw refusal('invalid_json', 'the message is not JSON: send an object like {"batchId":"x"}');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw refusal('invalid_json', 'the message is not a JSON object: send one like {"batchId":"x"}');
}

function describe(issue: z.core.$ZodIssue, message: Record<string, unknown>): string {
  const [field] = issue.path;
  if (field === undefined) return issue.message;
  // A request holds a prompt, which belongs in no reason and no log.
  const value = field === 'requests' ? '' : `, not ${quote(message[String(field)])}`;
  return `${issue.path.join('.')}: ${issue.message}${value}`;
}

function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
