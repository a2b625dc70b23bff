/** Names of the environment variables of the functions: written by infra, read here, once. */
export const ENVIRONMENT = {
  /** The handler's name among those of the account: a dimension of its logs and metrics. */
  service: 'POWERTOOLS_SERVICE_NAME',
  table: 'TABLE_NAME',
  bucket: 'BUCKET_NAME',
  /** Comma-separated names of other buckets that a message may name a file in. */
  inputBuckets: 'INPUT_BUCKETS',
  batchQueue: 'BATCH_QUEUE_URL',
  workQueue: 'WORK_QUEUE_URL',
  deadLetterQueue: 'DEAD_LETTER_QUEUE_URL',
  workDeadLetterQueue: 'WORK_DEAD_LETTER_QUEUE_URL',
  /** Of single requests; absent, with its dead letters, in a deployment without a collector. */
  collectorQueue: 'COLLECTOR_QUEUE_URL',
  collectorDeadLetterQueue: 'COLLECTOR_DEAD_LETTER_QUEUE_URL',
  /** ARN of the processor, with its qualifier if it has one. */
  processor: 'PROCESSOR_ARN',
  eventBus: 'EVENT_BUS_NAME',
  /** JSON: provider entry → ARN of its secret. */
  secrets: 'SECRET_ARNS',
  /** JSON: provider entry → ARN of the role that its jobs run under. */
  jobRoles: 'JOB_ROLE_ARNS',
  /** JSON: provider entry that takes webhooks → ARN of their signing secret. */
  webhookSecrets: 'WEBHOOK_SECRET_ARNS',
  /** Local run only: factor on the policy's waiting times. */
  timeScale: 'TIME_SCALE',
  /** Local run only, JSON: provider entry → base URL of its simulator. */
  providerBaseUrls: 'PROVIDER_BASE_URLS',
} as const;

/** Names of the table's keys and indexes. */
export const TABLE = {
  partitionKey: 'id',
  timeToLive: 'expiresAt',
  /** What the keys of the records begin with that processors may write. */
  oncePrefix: 'once#',
  /** What the keys of the items begin with that say which batch a gathered request is in. */
  requestPrefix: 'request#',
  /** What the keys of the items begin with that say which webhooks have come. */
  webhookPrefix: 'webhook#',
  dueIndex: {
    name: 'due',
    partitionKey: 'queue',
    sortKey: 'dueAt',
    projected: [
      ...['status', 'statusAt', 'model', 'estimatedTokens', 'requests', 'deadlineAt', 'providers'],
      ...['expectedInput', 'expectedOutput'],
    ],
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

/** The settings file beside each function's bundle: too large and too public for the environment. */
export const SETTINGS_FILE = 'settings.json';

/** What a rule matches on that listens to batches. */
export const STATE_CHANGE = { source: 'batch-handler', detailType: 'Batch State Change' } as const;
