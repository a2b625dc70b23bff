import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { ObjectStore } from '../shared/batch/ports.ts';
import type { Duty, Given } from './contract.ts';

const MB = 1024 * 1024;
const OBJECT_MB = 30;
/** Two parts of an upload of 8 MiB, and what a client keeps of each for a repetition. */
const MAX_GROWTH_MB = 24;

/** Collects garbage, so that only what is still referred to is counted. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc');
}

function bufferMb(): number {
  return process.memoryUsage().arrayBuffers / MB;
}

/**
 * Watches how many megabytes of buffers are held.
 *
 * @returns collects garbage, and says how much more is held now than at the least before
 */
export function watchBuffers(): () => number {
  const collect = collector();
  collect();
  // A collection frees buffers in the background; the next one begins when that has ended.
  collect();
  let least = bufferMb();
  return () => {
    collect();
    if (bufferMb() - least > MAX_GROWTH_MB) collect();
    // What others held before, they may free at any time.
    least = Math.min(least, bufferMb());
    return bufferMb() - least;
  };
}

export const constantMemoryDuty: Duty<Given<ObjectStore>> = {
  method: 'writer',
  does: `writes and reads ${OBJECT_MB} MB without holding them in memory`,
  async check({ first }) {
    const growth = watchBuffers();
    let most = 0;
    const writer = first.writer('large');
    for (let written = 0; written < OBJECT_MB; written++) {
      // Another buffer each time, so that references that are kept count, too.
      await writer.write(Buffer.alloc(MB, 'x'));
      most = Math.max(most, growth());
    }
    await writer.close();
    let read = 0;
    let seen = 0;
    for await (const { length } of first.read('large')) {
      read += length;
      // A collection for each chunk would take longer than the reading.
      if (read - seen < MB) continue;
      seen = read;
      most = Math.max(most, growth());
    }
    assert.equal(read, OBJECT_MB * MB, 'the object was read in another length than it was written');
    assert.ok(
      most <= MAX_GROWTH_MB,
      `${most.toFixed(1)} MB of buffers were held at a time: write what is there before taking more, at most ${MAX_GROWTH_MB} MB`,
    );
  },
};
