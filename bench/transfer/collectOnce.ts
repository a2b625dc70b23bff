import { collect } from '../../shared/usecases/work/collect.ts';
import { finish, optionsOf, peakBytes } from '../childResult.ts';
import { benchDependencies, objectsAt, openAiAt } from '../dependencies.ts';
import { collectingBatch } from '../inputs/records.ts';
import type { Moved, TransferOptions } from './transfer.ts';

/** Collects one job from the provider into the bucket, as the worker does. */

const { providerUrl, objectsUrl, requests } = optionsOf<TransferOptions>();
const objects = objectsAt(objectsUrl);
const dependencies = benchDependencies({ objects, providers: openAiAt(providerUrl, objects) });
const deadline = Date.now() + 15 * 60_000;
const startedAt = performance.now();
const task = { batch: collectingBatch(requests), token: 'token', deadline };
const event = await collect(dependencies, task);
const milliseconds = performance.now() - startedAt;
if (event.type !== 'collected' || event.counts.succeeded !== requests)
  throw new Error(`not all was collected: ${JSON.stringify(event)}`);
finish({ milliseconds, peakBytes: peakBytes() } satisfies Moved);
