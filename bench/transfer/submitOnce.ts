import { submit } from '../../shared/usecases/work/submit.ts';
import { finish, optionsOf, peakBytes } from '../childResult.ts';
import { benchDependencies, objectsAt, openAiAt } from '../dependencies.ts';
import { submittingBatch } from '../inputs/records.ts';
import type { Moved, TransferOptions } from './transfer.ts';

/** Sends the requests of one job from the bucket to the provider, as the worker does. */

const { providerUrl, objectsUrl, requests } = optionsOf<TransferOptions>();
const objects = objectsAt(objectsUrl);
const dependencies = benchDependencies({ objects, providers: openAiAt(providerUrl, objects) });
const deadline = Date.now() + 15 * 60_000;
const startedAt = performance.now();
const task = { batch: submittingBatch(requests), token: 'token', deadline };
const event = await submit(dependencies, task);
const milliseconds = performance.now() - startedAt;
if (event.type !== 'submitted') throw new Error(`not submitted: ${JSON.stringify(event)}`);
finish({ milliseconds, peakBytes: peakBytes() } satisfies Moved);
