import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { dynamoTable } from '../shared/aws/table.ts';
import type { Log } from '../shared/batch/ports.ts';
import { DEFAULT_POLICY } from '../shared/settings.ts';
import { batchStore } from '../shared/stores/batchStore.ts';
import { providerStateStore, sweepLock } from '../shared/stores/sweepStores.ts';
import { sweep } from '../shared/usecases/sweep/sweep.ts';
import {
  benchDependencies,
  NOWHERE,
  objectsAt,
  openAiAt,
  slowProviders,
} from './harness/dependencies.ts';
import { timed } from './harness/figures.ts';
import { finish, optionsOf, peakBytes } from './harness/process.ts';

/** Sweeps a filled table once, as the sweeper does. */
export interface SweepOptions {
  readonly tableUrl: string;
  readonly tableName: string;
  /** Jobs that the provider accepts at once. */
  readonly maxInFlight: number;
  /** How long the sweep may take. */
  readonly timeMs: number;
}

export interface Swept {
  readonly milliseconds: number;
  readonly peakBytes: number;
  /** Batches that were processed. */
  readonly seen: number;
  /** Batches of which the submission was started. */
  readonly started: number;
  /** Requests to the table, by operation. */
  readonly calls: Readonly<Record<string, number>>;
}

const { tableUrl, tableName, maxInFlight, timeMs } = optionsOf<SweepOptions>();
const calls: Record<string, number> = {};
const table = DynamoDBDocumentClient.from(new DynamoDBClient({ endpoint: tableUrl }));
table.middlewareStack.add((next, { commandName = '' }) => (sent) => {
  calls[commandName] = (calls[commandName] ?? 0) + 1;
  return next(sent);
});
let seen = 0;
const info: Log['info'] = (message, fields) => {
  if (message === 'sweep done' && fields && 'seen' in fields) seen = Number(fields.seen);
};
let started = 0;
const providers = openAiAt(NOWHERE, objectsAt(NOWHERE), { maxInFlight });
const bench = benchDependencies({ providers: slowProviders(providers, 0) });
const dependencies = {
  ...bench,
  batches: batchStore(dynamoTable(table, tableName), DEFAULT_POLICY),
  providerStates: providerStateStore(dynamoTable(table, tableName)),
  sweepLock: sweepLock(dynamoTable(table, tableName)),
  bus: {
    async publish({ to }: { readonly to: string }) {
      if (to === 'submitting') started += 1;
    },
  },
  log: { ...bench.log, info },
};

const milliseconds = await timed(() => sweep(dependencies, Date.now() + timeMs));
finish({
  milliseconds,
  peakBytes: peakBytes(),
  seen,
  started,
  calls,
} satisfies Swept);
