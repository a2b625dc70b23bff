import { join } from 'node:path';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { tableDefinition } from '../../local/emulators/createResources.ts';
import { createClients, startEmulators } from '../../local/emulators/emulators.ts';
import { measureInChild } from '../child.ts';
import { atMost, type Benchmark, type Figure } from '../figure.ts';
import { inDirectory } from '../inDirectory.ts';
import { megabytes } from '../units.ts';
import { type Filling, fillTable } from './fillTable.ts';
import type { SweepOptions, Swept } from './sweepOnce.ts';

const FILLING: Filling = { queued: 100_000, running: 10_000 };
const TABLE_NAME = 'table';

/** The sweeper's five minutes. */
const FUNCTION_MS = 5 * 60_000;

/** The emulator takes most of the time; the requests are ours, and the same at AWS. */
export const sweepingTable: Benchmark = {
  name: 'table',
  title: 'Sweeps of 100,000 queued and 10,000 running batches, in one table of the emulator',
  run: () =>
    inDirectory(async (directory) => {
      const emulators = await startEmulators(directory);
      const { dynamodb } = createClients(emulators);
      try {
        await dynamodb.send(new CreateTableCommand(tableDefinition(TABLE_NAME)));
        await fillTable(dynamodb, TABLE_NAME, FILLING);
        return await measure(emulators.tableUrl);
      } finally {
        dynamodb.destroy();
        await Promise.all(emulators.processes.map((process) => process.stop()));
      }
    }),
};

async function measure(tableUrl: string): Promise<readonly Figure[]> {
  const swept = (maxInFlight: number, timeMs = FUNCTION_MS) =>
    measureInChild<Swept>(join(import.meta.dirname, 'sweepOnce.ts'), {
      ...{ tableUrl, tableName: TABLE_NAME, maxInFlight, timeMs },
    } satisfies SweepOptions);
  // The emulator's index of active batches loses a few of 10,000, whose hashes begin alike.
  const full = await swept(FILLING.running - 100);
  const open = await swept(FILLING.running + 100);
  const name = 'table-sweep';
  return [
    ...figuresOf(`${name}-full`, 'no room', full),
    {
      name: `${name}-full-memory`,
      what: 'no room: peak memory of the process',
      ...{ value: megabytes(full.peakBytes), unit: 'MB', goal: atMost(256) },
    },
    ...figuresOf(`${name}-open`, 'room for 100', open),
    {
      name: `${name}-open-started`,
      what: 'room for 100: started, as many as may wait for the first word',
      ...{ value: open.started, unit: 'batches' },
    },
  ];
}

function figuresOf(name: string, what: string, { milliseconds, seen, calls }: Swept): Figure[] {
  const requests = Object.entries(calls);
  const sum = requests.reduce((all, [, count]) => all + count, 0);
  return [
    { name: `${name}-time`, what: `${what}: time`, value: milliseconds, unit: 'ms' },
    { name: `${name}-seen`, what: `${what}: looked at`, value: seen, unit: 'batches' },
    { name: `${name}-calls`, what: `${what}: requests to the table`, value: sum, unit: 'calls' },
    ...requests.map(([operation, count]) => ({
      name: `${name}-${operation.toLowerCase()}`,
      what: `${what}: ${operation}`,
      ...{ value: count, unit: 'calls' },
    })),
  ];
}
