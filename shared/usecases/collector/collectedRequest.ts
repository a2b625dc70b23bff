import { createHash } from 'node:crypto';

/** A request that a provider of the deployment can take. */
export interface CollectedRequest {
  readonly messageId: string;
  readonly provider: string;
  readonly model: string;
  readonly endpoint: string;
  /** The line of the batch file, with its line end. */
  readonly line: Buffer;
}

/** What the requests of one batch have in common. */
export type LaneKey = Pick<CollectedRequest, 'provider' | 'model' | 'endpoint'>;

export function laneKeyOf({ provider, model, endpoint }: LaneKey): string {
  return JSON.stringify([provider, model, endpoint]);
}

/** Safe in batch ids, whatever characters the name of a model has. */
export function laneIdOf(key: LaneKey): string {
  return hash(laneKeyOf(key)).slice(0, 16);
}

/** The same requests make the same chunk: written again, it changes nothing. */
export function chunkToken(content: Buffer): string {
  return hash(content).slice(0, 32);
}

function hash(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
