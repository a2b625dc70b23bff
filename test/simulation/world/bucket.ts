import type { ObjectStore } from '../../../shared/batch/ports.ts';
import type { MemoryBucket } from '../../../simulators/memory/bucket.ts';
import { callsOf, type Process } from '../process.ts';

const TRANSFER = { timeoutMs: 60_000, usualMs: 50, slowMs: 90_000 };

/** The bucket as a process reaches it. Reading an object may break half way. */
export function bucketPort(bucket: MemoryBucket, process: Process): ObjectStore {
  const call = callsOf(process);
  return {
    ...bucket.store(call, callsOf(process, TRANSFER)),
    async *read(key, range) {
      const content = await call(`read ${key}`, () => bucket.content(key, range));
      const half = content.length >> 1;
      yield content.subarray(0, half);
      yield await process.call(`read on ${key}`, () => content.subarray(half), TRANSFER);
    },
  };
}
