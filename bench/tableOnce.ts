import { type ConsumedCapacity, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { dynamoTable } from '../shared/aws/table.ts';
import { DEFAULT_POLICY } from '../shared/settings.ts';
import { batchStore } from '../shared/stores/batchStore.ts';
import { providerStateStore, sweepLock } from '../shared/stores/sweepStores.ts';
import { sweep } from '../shared/usecases/sweep/sweep.ts';
import {
  benchDependencies,
  countingLog,
  NOWHERE,
  objectsAt,
  openAiAt,
  slowProviders,
} from './harness/dependencies.ts';
import { finish, optionsOf, peakBytes, type Used, used } from './harness/process.ts';

/** Sweeps a filled table once, as the sweeper does. */
export interface SweepOptions {
  readonly tableUrl: string;
  readonly tableName: string;
  /** Jobs that the provider accepts at once. */
  readonly maxInFlight: number;
  /** Base URL of a server of OpenAI's API. Default: a provider that answers each check at once. */
  readonly providerUrl?: string;
  /** How long the sweep may take. */
  readonly timeMs: number;
}

export interface Swept extends Used {
  readonly peakBytes: number;
  /** Batches that were processed. */
  readonly seen: number;
  /** Batches of which the submission was started. */
  readonly started: number;
  /** Requests to the table, by operation. */
  readonly calls: Readonly<Record<string, number>>;
  /** What these requests read, as the table counts it: a read of an index is eventually consistent. */
  readonly readUnits: number;
}

const { tableUrl, tableName, maxInFlight, providerUrl, timeMs } = optionsOf<SweepOptions>();
const calls: Record<string, number> = {};
let readUnits = 0;
const READS: ReadonlySet<string> = new Set([
  'GetItemCommand',
  'BatchGetItemCommand',
  'QueryCommand',
]);
const table = DynamoDBDocumentClient.from(new DynamoDBClient({ endpoint: tableUrl }));
table.middlewareStack.add((next, { commandName = '' }) => async (sent) => {
  calls[commandName] = (calls[commandName] ?? 0) + 1;
  if (!READS.has(commandName)) return next(sent);
  const input = { ...sent.input, ReturnConsumedCapacity: 'TOTAL' as const };
  const answer = await next({ ...sent, input });
  const { ConsumedCapacity: consumed } = answer.output as Consumption;
  for (const { CapacityUnits: units = 0 } of [consumed ?? []].flat()) readUnits += units;
  return answer;
});
interface Consumption {
  /** One, or one for each table of a batch. */
  readonly ConsumedCapacity?: ConsumedCapacity | ConsumedCapacity[];
}
const counting = countingLog();
let started = 0;
const real = openAiAt(providerUrl ?? NOWHERE, objectsAt(NOWHERE), { maxInFlight });
const providers = providerUrl === undefined ? slowProviders(real, 0) : real;
const dependencies = {
  ...benchDependencies({ providers }),
  batches: batchStore(dynamoTable(table, tableName), DEFAULT_POLICY),
  providerStates: providerStateStore(dynamoTable(table, tableName)),
  sweepLock: sweepLock(dynamoTable(table, tableName)),
  bus: {
    async publish({ to }: { readonly to: string }) {
      if (to === 'submitting') started += 1;
    },
  },
  log: counting.log,
};

const took = await used(() => sweep(dependencies, Date.now() + timeMs));
finish({
  ...took,
  peakBytes: peakBytes(),
  seen: counting.seen(),
  started,
  calls,
  readUnits,
} satisfies Swept);
