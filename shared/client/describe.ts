import type { ClientObjects } from '../batch/clientPorts.ts';
import type { Batch, BatchFields } from '../batch/record.ts';
import { isEnded } from '../batch/status.ts';
import { omitUndefined } from '../omitUndefined.ts';
import type { EntryView } from '../quota/queueWait.ts';
import { waitingFor } from '../quota/waitingFor.ts';
import { type BatchInfo, batchInfo } from './batchInfo.ts';
import type { Handler } from './connection.ts';
import { type PartsById, readPartsById, runsInParts, sumParts } from './parts.ts';
import { maxDeliveriesOf, ProviderWorld, type WorldSource } from './world.ts';

export interface DescribeSource extends WorldSource {
  readonly handler: WorldSource['handler'] & Pick<Handler, 'processorLog'>;
  readonly objects: Pick<ClientObjects, 'bucket' | 'prefix' | 'locationOf'>;
}

/** Describes batches: each record with what it waits for, and the numbers of its parts. */
export interface Describer {
  readonly world: ProviderWorld;
  describe(batch: Batch): Promise<BatchInfo>;
  /** Describes the batches of one listing, which sums up the parts of the first 20 that were split. */
  forList(): (batch: Batch) => Promise<BatchInfo>;
}

/** A batch may have 200 parts, so the reads of a listing are bounded by this. */
const MAX_SUMMED = 20;

export function createDescriber(source: DescribeSource): Describer {
  const { batches, handler, objects } = source;
  const world = new ProviderWorld(source);
  const fixed = {
    maxDeliveries: maxDeliveriesOf(handler),
    processorLog: handler.processorLog,
  };

  async function describe(batch: Batch, isSummed = true): Promise<BatchInfo> {
    const now = Date.now();
    if (isEnded(batch.status)) return batchInfo(batch, objects);
    const parts: PartsById = isSummed ? await readPartsById(batches, batch) : new Map();
    const entries = await entriesOf([batch, ...[...parts.values()].flat()]);
    const { tenant: name } = batch.spec;
    // Its parts are of the same tenant.
    const needsTenant = batch.status === 'queued' || parts.size > 0;
    const state = needsTenant && name !== undefined ? await world.tenant(name) : undefined;
    const waiting = waitingFor(batch, {
      ...{ ...fixed, now },
      entry: (provider) => entries.get(provider),
      tenant: () => state,
      parts: (id) => parts.get(id),
    });
    const sum = parts.size > 0 ? sumParts(batch, parts) : undefined;
    return batchInfo(batch, objects, omitUndefined({ waitingFor: waiting, sum, now }));
  }

  /** Only a provider at which one of them is read, and the queue only if one is queued there. */
  async function entriesOf(all: readonly Batch[]): Promise<ReadonlyMap<string, EntryView>> {
    const names = new Map<string, boolean>();
    for (const { status, provider } of all)
      if (NEEDS_PROVIDER.has(status))
        names.set(provider, status === 'queued' || names.get(provider) === true);
    const found = new Map<string, EntryView>();
    for (const [name, needsQueue] of names) {
      const entry = await world.entry(name, needsQueue);
      if (entry) found.set(name, entry);
    }
    return found;
  }

  return {
    world,
    describe,
    forList() {
      let room = MAX_SUMMED;
      return (batch) => {
        const isSummed = runsInParts(batch) && room > 0;
        if (isSummed) room -= 1;
        return describe(batch, isSummed);
      };
    },
  };
}

/** Statuses in which the state of the provider decides what a batch waits for. */
const NEEDS_PROVIDER: ReadonlySet<BatchFields['status']> = new Set([
  ...(['queued', 'running', 'collecting'] as const),
]);
