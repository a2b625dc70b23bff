/** Names of the functions' environment variables, which infra writes and functions/config.ts reads. */
export const ENVIRONMENT = {
  /** Name of the handler, unique in the account: a dimension of its logs and metrics. */
  service: 'POWERTOOLS_SERVICE_NAME',
  table: 'TABLE_NAME',
  bucket: 'BUCKET_NAME',
  /** What all keys of the handler in the bucket begin with. Absent if it has the bucket to itself. */
  bucketPrefix: 'BUCKET_PREFIX',
  /** Comma-separated names of the other buckets that a message's `file` can be in. */
  inputBuckets: 'INPUT_BUCKETS',
  batchQueue: 'BATCH_QUEUE_URL',
  workQueue: 'WORK_QUEUE_URL',
  deadLetterQueue: 'DEAD_LETTER_QUEUE_URL',
  workDeadLetterQueue: 'WORK_DEAD_LETTER_QUEUE_URL',
  /** Queue of single requests. Both collector queues are absent in a deployment without a collector. */
  collectorQueue: 'COLLECTOR_QUEUE_URL',
  collectorDeadLetterQueue: 'COLLECTOR_DEAD_LETTER_QUEUE_URL',
  /** ARN of the processor, with its qualifier if it has one. */
  processor: 'PROCESSOR_ARN',
  eventBus: 'EVENT_BUS_NAME',
  /** JSON: provider entry → name of its secret, or its ARN if the secret is not of the handler's stack. */
  secrets: 'SECRET_ARNS',
  /** JSON: provider entry → ARN of the role of its jobs. */
  jobRoles: 'JOB_ROLE_ARNS',
  /** JSON: provider entry with webhooks → name of their signing secret, if the function uses it. */
  webhookSecrets: 'WEBHOOK_SECRET_ARNS',
  /** Before the name of an entry: the URL for the webhooks that jobs are created with. */
  webhookUrl: 'WEBHOOK_URL',
  /** Comma-separated names of the ports that the user's code replaces. Absent for the package's own code. */
  replacedPorts: 'REPLACED_PORTS',
  /** Local run only: factor of the policy's waiting times. */
  timeScale: 'TIME_SCALE',
  /** Local run only, JSON: provider entry → base URL of its simulator. */
  providerBaseUrls: 'PROVIDER_BASE_URLS',
} as const;

/** Names of the table's keys and indexes. */
export const TABLE = {
  partitionKey: 'id',
  timeToLive: 'expiresAt',
  /** Key prefix of the items that processors may write: the effects of `once`. */
  oncePrefix: 'once#',
  /** Key prefix of the items that name the batch of a collected request. */
  requestPrefix: 'request#',
  /** Key prefix of the items of webhooks that have arrived. */
  webhookPrefix: 'webhook#',
  /** Key prefix of the keys of the HTTP API. */
  keyPrefix: 'key#',
  /** Key prefix of the items that say how the keys of the HTTP API are used. */
  keyUsePrefix: 'keyUse#',
  /** Key prefix of the items of files of the HTTP API. */
  filePrefix: 'file#',
  /** Key prefix of the items that name the batch of a request's first try. */
  repeatPrefix: 'repeat#',
  /** Key prefix of the items of uploads of the HTTP API. */
  uploadPrefix: 'upload#',
  dueIndex: {
    name: 'due',
    partitionKey: 'queue',
    sortKey: 'dueAt',
    projected: [
      ...['status', 'statusAt', 'model', 'estimatedTokens', 'requests', 'deadlineAt', 'providers'],
      ...['expectedInput', 'expectedOutput'],
    ],
  },
  /** All batches by the time of their creation, without parts. */
  createdIndex: {
    name: 'created',
    partitionKey: 'createdMonth',
    sortKey: 'createdAt',
    projected: ['status', 'provider'],
  },
  providerIndex: {
    name: 'provider',
    partitionKey: 'activeProvider',
    projected: [
      ...['model', 'estimatedTokens', 'requests', 'jobId', 'isPending', 'isOver'],
      ...['expectedInput', 'expectedOutput'],
    ],
  },
} as const;

/** The settings file beside each function's bundle. The settings are too large for the environment. */
export const SETTINGS_FILE = 'settings.json';

/** The source and the detail type that an EventBridge rule for batches matches. */
export const STATE_CHANGE = { source: 'batch-handler', detailType: 'Batch State Change' } as const;

/** The ports that keep something in the table. */
const TABLE_PORTS = [
  ...(['batches', 'providerStates', 'sweepLock'] as const),
  ...(['lanes', 'requests', 'webhookRegister'] as const),
] as const;

/** The ports of a function that users can replace. */
export const PORT_NAMES = [
  ...(['items', ...TABLE_PORTS] as const),
  ...(['objects', 'queues', 'processor', 'bus'] as const),
  ...(['secrets', 'log', 'metrics', 'clock'] as const),
] as const;
export type PortName = (typeof PORT_NAMES)[number];

/** Whether no function uses the table, because its ports are replaced: by one, or each of them. */
export function isTableReplaced(replaced: readonly PortName[]): boolean {
  return replaced.includes('items') || TABLE_PORTS.every((name) => replaced.includes(name));
}

/**
 * How the ports that a user's code gives differ from those that the prop `runtime.replaces` names.
 *
 * @returns undefined if they are the same
 */
export function portsDifference(
  given: readonly string[],
  replaced: readonly string[],
): string | undefined {
  const missing = replaced.filter((name) => !given.includes(name));
  const surplus = given.filter((name) => !replaced.includes(name));
  const lines = [
    missing.length > 0 && `runtime.replaces names ${missing.join(', ')}, which it does not give`,
    surplus.length > 0 && `it gives ${surplus.join(', ')}, which runtime.replaces does not name`,
  ].filter((line) => line !== false);
  return lines.length === 0 ? undefined : lines.join('; ');
}
