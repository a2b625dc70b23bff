import { SCHEMA_VERSION } from '../batch/record.ts';
import { METRICS } from '../metrics.ts';
import type { Collector } from './contract.ts';
import type { CollectorDependencies } from './gather.ts';
import {
  type Chunk,
  chunkKey,
  hasChunk,
  isWindowBlocked,
  type Lane,
  roomIn,
  sealed,
  type WindowLimits,
  withChunk,
} from './lane.ts';
import { type CollectedRequest, chunkToken, laneIdOf } from './request.ts';

/** Of one batch: joined within a run of the function, and a single job nearly everywhere. */
const MAX_WINDOW_BYTES = 200_000_000;

/**
 * Makes requests of one lane durable: writes them into the bucket as chunks, each with what its
 * window has room for, then names each chunk in the lane. A chunk that is written and not named
 * is nothing: its messages are delivered again.
 *
 * @param requests at least one, all of the same provider, model and endpoint
 */
export async function register(
  dependencies: CollectorDependencies,
  requests: readonly CollectedRequest[],
): Promise<void> {
  const { collector, clock, metrics } = dependencies;
  const [first] = requests;
  if (!first) return;
  const laneId = laneIdOf(first);
  const limits = await limitsOf(dependencies, first.provider);
  let rest = requests;
  let written: string | undefined;
  while (rest.length > 0) {
    let taken = 0;
    let before = 0;
    const lane = await updateLane(collector, laneId, async (found = newLane(laneId, first)) => {
      before = found.sealed.length;
      taken = 0;
      if (isWindowBlocked(found)) throw new Error(`collector lane ${laneId} waits for its batches`);
      const fitting = takeFitting(rest, found, limits);
      if (fitting.length === 0) return sealed(found, clock.now());
      const content = Buffer.concat(fitting.map(({ line }) => line));
      const token = chunkToken(content);
      const chunk: Chunk = { token, requests: fitting.length, bytes: content.length };
      taken = fitting.length;
      if (hasChunk(found, token)) return found;
      // After a lost race it is there already, if it still fits.
      if (token !== written) await writeChunk(dependencies, token, content);
      written = token;
      return withChunk(found, chunk, limits, clock.now());
    });
    const full = (lane?.sealed.length ?? 0) - before;
    if (full > 0) metrics.count(METRICS.windowsSealed, full, first.provider);
    rest = rest.slice(taken);
  }
}

async function limitsOf(
  { providers, collector: { settings } }: CollectorDependencies,
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
    ...{ schemaVersion: SCHEMA_VERSION, version: 0, laneId, provider, model, endpoint },
    next: 1,
    sealed: [],
  };
}

/** The first of the requests, as many as the open window has room for. */
function takeFitting(
  requests: readonly CollectedRequest[],
  lane: Lane,
  limits: WindowLimits,
): readonly CollectedRequest[] {
  const room = roomIn(lane, limits);
  let bytes = 0;
  const end = requests.findIndex(({ line }, index) => {
    bytes += line.length;
    return index >= room.requests || bytes > room.bytes;
  });
  return end === -1 ? requests : requests.slice(0, end);
}

async function writeChunk(
  { objects }: CollectorDependencies,
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

/** Tries before a lane that others keep changing is left to a later delivery. */
const MAX_CONFLICTS = 50;

/**
 * The one way in which a lane changes: read it, change it, write it if nobody else has.
 *
 * @param change gives the very lane that it was given if there is nothing to change
 * @returns the lane as it is now; undefined if there is none
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
  throw new Error(`the collector lane ${laneId} lost ${MAX_CONFLICTS} races in a row`);
}
