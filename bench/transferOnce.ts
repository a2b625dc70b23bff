import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { get as getOverTls } from 'node:https';
import { collect } from '../shared/usecases/work/collect.ts';
import { submit } from '../shared/usecases/work/submit.ts';
import { benchDependencies, objectsAt, openAiAt } from './harness/dependencies.ts';
import {
  collectionPauses,
  finish,
  optionsOf,
  peakBytes,
  type Used,
  used,
} from './harness/process.ts';
import { collectingBatch, submittingBatch } from './harness/records.ts';

/** Moves the bytes of one job once. */
export interface TransferOptions {
  readonly kind: keyof typeof TRANSFERS;
  readonly providerUrl: string;
  readonly objectsUrl: string;
  readonly requests: number;
}

export interface Moved extends Used {
  readonly peakBytes: number;
  /** For how long it stood still for garbage collection, in milliseconds. */
  readonly pausedMilliseconds: number;
}

const TRANSFERS = {
  /** Downloads the job's output and throws it away: nothing that reads it could be faster. */
  async discard() {
    let bytes = 0;
    for await (const chunk of await outputOfJob()) bytes += chunk.length;
    if (bytes === 0) throw new Error('nothing was downloaded');
  },

  /** Copies the job's output into the bucket unread: no ledger could be faster. */
  async pass() {
    const output = await outputOfJob();
    const writer = objects.writer('results.jsonl');
    for await (const chunk of output) await writer.write(chunk);
    await writer.close();
  },

  /** Collects the job from the provider into the bucket, as the worker does. */
  async collect() {
    const event = await collect(dependencies, taskWith(collectingBatch(requests)));
    if (event.type !== 'collected' || event.counts.succeeded !== requests)
      throw new Error(`not all rows were collected: ${JSON.stringify(event)}`);
  },

  /** Sends the requests of the job from the bucket to the provider, as the worker does. */
  async submit() {
    const event = await submit(dependencies, taskWith(submittingBatch(requests)));
    if (event.type !== 'submitted')
      throw new Error(`the job was not submitted: ${JSON.stringify(event)}`);
  },
};

const { kind, providerUrl, objectsUrl, requests } = optionsOf<TransferOptions>();
const objects = objectsAt(objectsUrl);
const dependencies = benchDependencies({ objects, providers: openAiAt(providerUrl, objects) });
let took: Used | undefined;
const pausedMilliseconds = await collectionPauses(async () => {
  took = await used(TRANSFERS[kind]);
});
finish({ ...(took as Used), pausedMilliseconds, peakBytes: peakBytes() } satisfies Moved);

async function outputOfJob(): Promise<IncomingMessage> {
  const url = `${providerUrl}/v1/files/file-output/content`;
  const request = url.startsWith('https:') ? getOverTls(url) : get(url);
  const [response] = await once(request, 'response');
  return response;
}

function taskWith<T>(batch: T) {
  return { batch, token: 'token', deadline: Date.now() + 15 * 60_000 };
}
