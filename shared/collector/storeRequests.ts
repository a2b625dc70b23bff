import { METRICS } from '../metrics.ts';
import type { Dependencies } from '../usecases/dependencies.ts';
import type { Collector } from './contract.ts';
import {
  type Chunk,
  chunkKey,
  hasChunk,
  isLaneFull,
  LANE_SCHEMA_VERSION,
  type Lane,
  remainingIn,
  type WindowLimits,
  withChunk,
  withOpenSealed,
} from './lane.ts';
import { type CollectedRequest, chunkToken, laneIdOf } from './request.ts';

type StorePorts = Pick<Dependencies, 'objects' | 'providers' | 'clock' | 'metrics'> & {
  readonly collector: Collector;
};

/** One run of the function joins that much, and nearly every provider takes it as one job. */
const MAX_WINDOW_BYTES = 200_000_000;

/**
 * Stores requests of one lane: writes them to the bucket as chunks, each as large as its window
 * allows, then names each chunk in the lane. A chunk that was written and is not named has no
 * effect; its messages are delivered again.
 *
 * @param requests at least one, all of the same provider, model and endpoint
 */
export async function storeRequests(
  ports: StorePorts,
  requests: readonly CollectedRequest[],
): Promise<void> {
  const { collector, clock, metrics } = ports;
  const [first] = requests;
  if (!first) return;
  const laneId = laneIdOf(first);
  const limits = await limitsOf(ports, first.provider);
  let rest = requests;
  let written: string | undefined;
  while (rest.length > 0) {
    let taken = 0;
    let before = 0;
    const lane = await updateLane(collector, laneId, async (found = newLane(laneId, first)) => {
      before = found.sealed.length;
      taken = 0;
      if (isLaneFull(found)) throw new Error(`collector lane ${laneId} waits for its batches`);
      const fitting = takeFitting(rest, found, limits);
      if (fitting.length === 0) return withOpenSealed(found, clock.now());
      const content = Buffer.concat(fitting.map(({ line }) => line));
      const token = chunkToken(content);
      const chunk: Chunk = { token, requests: fitting.length, bytes: content.length };
      taken = fitting.length;
      if (hasChunk(found, token)) return found;
      // After a lost race the same chunk may still fit: then it is written already.
      if (token !== written) await writeChunk(ports, token, content);
      written = token;
      return withChunk(found, chunk, limits, clock.now());
    });
    const full = (lane?.sealed.length ?? 0) - before;
    if (full > 0) metrics.count(METRICS.windowsSealed, full, first.provider);
    rest = rest.slice(taken);
  }
}

async function limitsOf(
  { providers, collector: { settings } }: Pick<StorePorts, 'providers' | 'collector'>,
  provider: string,
): Promise<WindowLimits> {
  const { limits } = await providers.describe(provider);
  return {
    maxRequests: Math.min(settings.maxRequests, limits.maxRequests),
    maxBytes: Math.min(MAX_WINDOW_BYTES, limits.maxBytes),
    maxAgeSeconds: settings.maxAgeSeconds,
  };
}

function newLane(laneId: string, { provider, model, endpoint }: CollectedRequest): Lane {
  return {
    ...{ schemaVersion: LANE_SCHEMA_VERSION, version: 0, laneId, provider, model, endpoint },
    next: 1,
    sealed: [],
  };
}

/** Takes as many of the first requests as fit into the open window. */
function takeFitting(
  requests: readonly CollectedRequest[],
  lane: Lane,
  limits: WindowLimits,
): readonly CollectedRequest[] {
  const remaining = remainingIn(lane, limits);
  let bytes = 0;
  const end = requests.findIndex(({ line }, index) => {
    bytes += line.length;
    return index >= remaining.requests || bytes > remaining.bytes;
  });
  return end === -1 ? requests : requests.slice(0, end);
}

async function writeChunk(
  { objects }: Pick<StorePorts, 'objects'>,
  token: string,
  content: Buffer,
): Promise<void> {
  const writer = objects.writer(chunkKey(token));
  try {
    await writer.write(content);
    await writer.close();
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

/** Lost races after which the messages return to their queue. */
const MAX_CONFLICTS = 50;

/**
 * Changes a lane: reads it, applies the change and writes it, again and again until no other
 * writer has come in between. Lanes change in no other way.
 *
 * @param change returns its argument if there is nothing to change
 * @returns the lane as it is now; undefined if there is none
 * @throws Error after 50 lost races in a row
 */
export async function updateLane(
  { lanes }: Pick<Collector, 'lanes'>,
  laneId: string,
  change: (lane: Lane | undefined) => Promise<Lane | undefined>,
): Promise<Lane | undefined> {
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
    const lane = await lanes.get(laneId);
    const next = await change(lane);
    if (next === lane || !next) return lane;
    const written = { ...next, version: (lane?.version ?? 0) + 1 };
    if ((await lanes.replace(written)) === 'written') return written;
  }
  throw new Error(`collector lane ${laneId}: ${MAX_CONFLICTS} writes in a row met another writer`);
}
