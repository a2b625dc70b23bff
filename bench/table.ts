import { join } from 'node:path';
import { CreateTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchWriteCommand, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import pMap from 'p-map';
import { tableDefinition } from '../local/emulators/createResources.ts';
import { createClients, startEmulators } from '../local/emulators/emulators.ts';
import type { Batch } from '../shared/batch/record.ts';
import { DEFAULT_POLICY } from '../shared/settings.ts';
import { toItem } from '../shared/stores/batchItem.ts';
import { measureInChild } from './harness/child.ts';
import { atMost, type Benchmark, type Figure, figure, megabytes } from './harness/figures.ts';
import { queuedBatch, runningBatch } from './harness/records.ts';
import { inDirectory } from './harness/servers.ts';
import type { SweepOptions, Swept } from './tableOnce.ts';

const QUEUED = 100_000;
const RUNNING = 10_000;
const TABLE_NAME = 'table';
/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html */
const ITEMS_PER_CALL = 25;
/** The timeout of the sweeper. */
const SWEEP_MS = 5 * 60_000;

/** Most of the time is the emulator's. The requests are the code's own, and the same at AWS. */
export const tableBenchmark: Benchmark = {
  name: 'table',
  title: 'Sweeps of 100,000 queued and 10,000 running batches, in one table of the emulator',
  run: () =>
    inDirectory(async (directory) => {
      const emulators = await startEmulators(directory);
      const { dynamodb } = createClients(emulators);
      try {
        await dynamodb.send(new CreateTableCommand(tableDefinition(TABLE_NAME)));
        await fillTable(dynamodb);
        return await measure(emulators.tableUrl);
      } finally {
        dynamodb.destroy();
        await Promise.all(emulators.processes.map((process) => process.stop()));
      }
    }),
};

/** Puts the batches into the table as items, without the steps that lead to their status. */
async function fillTable(client: DynamoDBClient): Promise<void> {
  const document = DynamoDBDocumentClient.from(client);
  const layout = { ...DEFAULT_POLICY, partitions: { due: 4, active: 1 } };
  const put = async (batches: readonly Batch[]) => {
    const items = batches.map((batch) => toItem(batch, layout));
    const requests = items.map((Item) => ({ PutRequest: { Item } }));
    await document.send(new BatchWriteCommand({ RequestItems: { [TABLE_NAME]: requests } }));
  };
  await pMap(groups(QUEUED, queuedBatch), put, { concurrency: 4 });
  await pMap(groups(RUNNING, runningBatch), put, { concurrency: 4 });
}

function* groups(count: number, make: (index: number) => Batch): Generator<readonly Batch[]> {
  for (let start = 0; start < count; start += ITEMS_PER_CALL) {
    const length = Math.min(ITEMS_PER_CALL, count - start);
    yield Array.from({ length }, (_, index) => make(start + index));
  }
}

async function measure(tableUrl: string): Promise<readonly Figure[]> {
  const sweepTable = (maxInFlight: number) => {
    const options = { tableUrl, tableName: TABLE_NAME, maxInFlight, timeMs: SWEEP_MS };
    const script = join(import.meta.dirname, 'tableOnce.ts');
    return measureInChild<Swept>(script, options satisfies SweepOptions);
  };
  // The emulator's index of active batches loses a few of 10,000, whose hashes begin alike.
  const full = await sweepTable(RUNNING - 100);
  const open = await sweepTable(RUNNING + 100);
  const name = 'table-sweep';
  return [
    ...figuresOf(`${name}-full`, 'no room', full),
    figure(
      `${name}-full-memory`,
      'no room: peak memory of the process',
      megabytes(full.peakBytes),
      'MB',
      { goal: atMost(256) },
    ),
    ...figuresOf(`${name}-open`, 'room for 100', open),
    figure(
      `${name}-open-started`,
      'room for 100: submissions started, as many as may await confirmation',
      open.started,
      'batches',
    ),
  ];
}

function figuresOf(name: string, what: string, { milliseconds, seen, calls }: Swept): Figure[] {
  const requests = Object.entries(calls);
  const sum = requests.reduce((all, [, count]) => all + count, 0);
  return [
    figure(`${name}-time`, `${what}: time`, milliseconds, 'ms'),
    figure(`${name}-seen`, `${what}: batches processed`, seen, 'batches'),
    figure(`${name}-calls`, `${what}: requests to the table`, sum, 'calls'),
    ...requests.map(([operation, count]) =>
      figure(`${name}-${operation.toLowerCase()}`, `${what}: ${operation}`, count, 'calls'),
    ),
  ];
}
