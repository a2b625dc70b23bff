import type * as z from 'zod';
import { textProblem, valueProblem } from '../../batch/bounds.ts';
import {
  NewerSchemaError,
  RefusedError,
  refusal,
  UnreadableRecordError,
} from '../../batch/errors.ts';
import {
  type AddMessage,
  addMessageSchema,
  type BatchQueueMessage,
  type CollectedMessage,
  collectedMessageSchema,
  commandMessageSchema,
  inboxMessageSchema,
  MESSAGE_SCHEMA_VERSION,
  pointerMessageSchema,
  providerMessageSchema,
  removeMessageSchema,
  requeueMessageSchema,
} from '../../batch/messages.ts';
import { invalidText } from '../../invalid/text.ts';
import { LOG_MESSAGES, METRICS } from '../../metrics.ts';
import type { Dependencies } from '../dependencies.ts';
import { logFieldsOf } from '../logFields.ts';
import { pointedBytes, readText } from '../smallObjects.ts';
import { type AddPorts, add } from './add.ts';
import { command, providerCommand, removeRecord } from './commands.ts';
import { addFromInbox } from './inbox.ts';

type IntakePorts = AddPorts &
  Parameters<typeof command>[0] &
  Parameters<typeof providerCommand>[0] &
  Pick<Dependencies, 'queues' | 'log' | 'metrics'>;

/** Names in the refusal of a message that is too large. */
const MESSAGE = { what: 'the message', fix: 'put its requests into a file' };

/** A message of the batch queue as SQS delivered it. */
export interface BatchQueueDelivery {
  readonly body: string;
  readonly messageId: string;
  /** When SQS received it, in milliseconds since 1970. Identical in every delivery. */
  readonly sentAt: number;
  /** The principal that sent it, as SQS names it. */
  readonly sender?: string | undefined;
  /** How often SQS has delivered it, this delivery included. */
  readonly receiveCount: number;
}

/**
 * Handles one message of the batch queue. A message that can never succeed goes to the dead-letter
 * queue with its reason. Any other failure throws, so that SQS delivers the message again.
 */
export async function intake(ports: IntakePorts, message: BatchQueueDelivery): Promise<void> {
  const { queues, log, metrics } = ports;
  const { messageId } = message;
  try {
    await handle(ports, await read(ports, message.body), message);
  } catch (error) {
    const refused = refusedOf(error);
    if (!refused) throw error;
    const { code, message: text } = refused.reason;
    log.warn(LOG_MESSAGES.messageRefused, {
      messageId,
      ...logFieldsOf(error),
      reason: refused.reason,
    });
    metrics.count(METRICS.refused, 1);
    await queues.sendDeadLetter('batch', message.body, `${code}: ${text}`, messageId);
  }
}

/** A record that cannot be read will not be read at the next delivery either. */
function refusedOf(error: unknown): RefusedError | undefined {
  if (error instanceof RefusedError) return error;
  if (!(error instanceof UnreadableRecordError)) return undefined;
  return refusal('unreadable_record', `${error.message}: see "Unreadable records" in the runbook`);
}

type ResolvedMessage = Exclude<BatchQueueMessage, { action: 'pointer' }>;

/** Parses the message, or the message in the bucket that it points to. */
async function read(
  { objects }: Pick<Dependencies, 'objects'>,
  body: string,
): Promise<ResolvedMessage> {
  const message = parseBatchMessage(body);
  if (message.action !== 'pointer') return message;
  await pointedBytes(objects, message.key, MESSAGE);
  const pointed = parseBatchMessage(await readText(objects.read(message.key), MESSAGE));
  if (pointed.action !== 'pointer') return pointed;
  const text = `${message.key} contains another pointer: it must contain the message itself`;
  throw refusal('invalid_message', text);
}

function handle(
  ports: IntakePorts,
  message: ResolvedMessage,
  delivery: BatchQueueDelivery,
): Promise<void> {
  switch (message.action) {
    case 'add':
      return add(ports, message, delivery.messageId);
    case 'inbox':
      return addFromInbox(ports, message, delivery.messageId);
    case 'collected':
      return add(ports, addMessageOf(message), delivery.messageId);
    case 'remove':
      return removeRecord(ports, message, delivery.messageId);
    case 'pause':
    case 'resume':
      return providerCommand(ports, message, delivery);
    default:
      return command(ports, message, delivery);
  }
}

function addMessageOf({ action, batchId, ...asked }: CollectedMessage): AddMessage {
  return { ...addMessageSchema.parse(asked), batchId };
}

const SCHEMAS = new Map<unknown, z.ZodType<BatchQueueMessage>>(
  Object.entries({
    add: addMessageSchema,
    cancel: commandMessageSchema,
    retry: commandMessageSchema,
    redeliver: commandMessageSchema,
    remove: removeMessageSchema,
    pause: providerMessageSchema,
    resume: providerMessageSchema,
    requeue: requeueMessageSchema,
    inbox: inboxMessageSchema,
    collected: collectedMessageSchema,
    pointer: pointerMessageSchema,
  }),
);

/**
 * Parses the body of a message of the batch queue.
 *
 * @throws RefusedError naming the field, its value and the values that are allowed
 * @throws NewerSchemaError for a message of a newer version, which must return to the queue
 */
export function parseBatchMessage(body: string): BatchQueueMessage {
  const message = parseObject(body);
  const { schemaVersion, action = 'add' } = message;
  if (typeof schemaVersion === 'number' && schemaVersion > MESSAGE_SCHEMA_VERSION) {
    throw new NewerSchemaError('the message', schemaVersion);
  }
  const schema = SCHEMAS.get(action);
  if (!schema) {
    const allowed = [...SCHEMAS.keys()].join(', ');
    throw refusal('unknown_action', `action ${quote(action)} is unknown: use one of ${allowed}`);
  }
  checkFields(message);
  const parsed = schema.safeParse(message);
  if (parsed.success) return parsed.data;
  throw refusal('invalid_message', invalidText(parsed.error, { input: message, schema }));
}

/** Characters of all fields but the requests: those of the longest message that the schemas take. */
const MAX_FIELDS_LENGTH = 128 * 1024;

/** A schema has an issue for each value that is wrong, and there is no memory for a million of them. */
function checkFields({ requests, ...fields }: Record<string, unknown>): void {
  const { length } = JSON.stringify(fields);
  if (length > MAX_FIELDS_LENGTH) {
    const text = `the fields beside requests have ${length} characters: use at most ${MAX_FIELDS_LENGTH}`;
    throw refusal('message_too_large', text);
  }
}

function parseObject(body: string): Record<string, unknown> {
  const tooMany = textProblem(body);
  if (tooMany) throw refusal(tooMany.code, `the message ${tooMany.message}`);
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw refusal('invalid_json', 'the message is not JSON: send an object like {"batchId":"x"}');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const problem = valueProblem(value);
    if (problem) throw refusal(problem.code, `the message ${problem.message}`);
    return value as Record<string, unknown>;
  }
  throw refusal('invalid_json', 'the message is not a JSON object: send one like {"batchId":"x"}');
}

function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
