import type { ObjectStore } from '../../../shared/batch/ports.ts';
import { MemoryBucket } from '../../../simulators/memory/bucket.ts';
import { callsOf, type Process } from '../process.ts';

const TRANSFER = { timeoutMs: 60_000, usualMs: 50, slowMs: 90_000 };

/** The bucket, with what was removed from it, by which is checked what had been in it. */
export class SimulatedBucket extends MemoryBucket {
  readonly #removed = new Map<string, Buffer>();

  /** The content of an object, also of one that was removed. */
  override text(key: string): string {
    return (this.objects.get(key) ?? this.#removed.get(key) ?? this.content(key)).toString();
  }

  remove(key: string): void {
    const content = this.objects.get(key);
    if (content) this.#removed.set(key, content);
    this.objects.delete(key);
  }
}

/** The bucket as a process reaches it. Reading an object may break half way. */
export function bucketPort(
  bucket: SimulatedBucket,
  process: Process,
  onRemoved: (key: string) => void,
): ObjectStore {
  const call = callsOf(process);
  return {
    ...bucket.store(call, callsOf(process, TRANSFER)),
    remove: (key) =>
      call(`remove ${key}`, () => {
        onRemoved(key);
        bucket.remove(key);
      }),
    async *read(key, range) {
      const content = await call(`read ${key}`, () => bucket.content(key, range));
      const half = content.length >> 1;
      yield content.subarray(0, half);
      yield await process.call(`read on ${key}`, () => content.subarray(half), TRANSFER);
    },
  };
}
