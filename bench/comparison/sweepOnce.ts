import { openDatabase } from '../../inProcess/database.ts';
import { sqliteTable } from '../../inProcess/sqliteTable.ts';
import { DEFAULT_POLICY } from '../../shared/settings.ts';
import { batchStore } from '../../shared/stores/batchStore.ts';
import { sweep } from '../../shared/usecases/sweep/sweep.ts';
import {
  benchDependencies,
  countingLog,
  NOWHERE,
  objectsAt,
  openAiAt,
} from '../harness/dependencies.ts';
import { finish, optionsOf, peakBytes, used } from '../harness/process.ts';
import { runningBatch } from '../harness/records.ts';
import type { Taken } from './python.ts';

/** One sweep of running batches in SQLite, as a handler in one process keeps them. */
export interface SweepOnceOptions {
  readonly providerUrl: string;
  readonly batches: number;
  readonly directory: string;
  /** Checks each job by itself, as the others do, instead of reading the provider's list. */
  readonly isOneByOne: boolean;
}

/** The timeout of the sweeper. */
const SWEEP_MS = 5 * 60_000;

const { providerUrl, batches: count, directory, isOneByOne } = optionsOf<SweepOnceOptions>();
const database = openDatabase(directory);
const batches = batchStore(sqliteTable(database), DEFAULT_POLICY);
database.exec('BEGIN');
for (let index = 0; index < count; index++) await batches.create(runningBatch(index));
database.exec('COMMIT');

const providers = openAiAt(providerUrl, objectsAt(NOWHERE));
const policy = isOneByOne ? { ...DEFAULT_POLICY, listFrom: count + 1 } : DEFAULT_POLICY;
const counting = countingLog();
const dependencies = { ...benchDependencies({ batches, providers }), policy, log: counting.log };
const took = await used(() => sweep(dependencies, Date.now() + SWEEP_MS));
database.close();
const seen = counting.seen();
if (seen < count) throw new Error(`only ${seen} of ${count} batches were checked`);
finish({ ...took, peakBytes: peakBytes() } satisfies Taken);
