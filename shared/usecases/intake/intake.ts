import type * as z from 'zod';
import { NewerSchemaError, RefusedError, refusal } from '../../batch/errors.ts';
import {
  addMessageSchema,
  type BatchQueueMessage,
  commandMessageSchema,
  inboxMessageSchema,
  MESSAGE_SCHEMA_VERSION,
  pointerMessageSchema,
  providerMessageSchema,
  requeueMessageSchema,
} from '../../batch/messages.ts';
import { LOG_MESSAGES } from '../../logMessages.ts';
import { METRICS } from '../../metrics.ts';
import type { Dependencies } from '../dependencies.ts';
import { batchContextOf } from '../logContext.ts';
import { readText } from '../smallObjects.ts';
import { add } from './add.ts';
import { command, providerCommand } from './commands.ts';
import { addFromInbox } from './inbox.ts';

const MESSAGE = { what: 'the message', fix: 'put its requests into a file' };

/** A message of the batch queue as SQS delivered it. */
export interface BatchQueueDelivery {
  readonly body: string;
  readonly messageId: string;
  /** Milliseconds since 1970, as SQS tells it: the same however often the message is delivered. */
  readonly sentAt: number;
  /** How often SQS has delivered it, this time included. */
  readonly receiveCount: number;
}

/**
 * Acts on one message of the batch queue. A message that can never succeed is put into the
 * dead-letter queue with its reason; whatever may pass throws, so that SQS delivers it again.
 */
export async function intake(
  dependencies: Dependencies,
  message: BatchQueueDelivery,
): Promise<void> {
  const { queues, log, metrics } = dependencies;
  const { messageId } = message;
  try {
    await act(dependencies, await read(dependencies, message.body), message);
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    const { code, message: text } = error.reason;
    log.warn(LOG_MESSAGES.messageRefused, {
      messageId,
      ...batchContextOf(error),
      reason: error.reason,
    });
    metrics.count(METRICS.refused, 1);
    await queues.sendDeadLetter('batch', message.body, `${code}: ${text}`, messageId);
  }
}

async function read(
  { objects }: Dependencies,
  body: string,
): Promise<Exclude<BatchQueueMessage, { action: 'pointer' }>> {
  const message = parseBatchMessage(body);
  if (message.action !== 'pointer') return message;
  const pointed = parseBatchMessage(await readText(objects.read(message.key), MESSAGE));
  if (pointed.action !== 'pointer') return pointed;
  const text = `${message.key} holds another pointer: it must hold the message itself`;
  throw refusal('invalid_message', text);
}

function act(
  dependencies: Dependencies,
  message: Exclude<BatchQueueMessage, { action: 'pointer' }>,
  delivered: BatchQueueDelivery,
): Promise<void> {
  switch (message.action) {
    case 'add':
      return add(dependencies, message, delivered.messageId);
    case 'inbox':
      return addFromInbox(dependencies, message, delivered.messageId);
    case 'pause':
    case 'resume':
      return providerCommand(dependencies, message, delivered);
    default:
      return command(dependencies, message, delivered);
  }
}

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
  if (typeof schemaVersion === 'number' && schemaVersion > MESSAGE_SCHEMA_VERSION) {
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
