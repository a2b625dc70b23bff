import type { ObjectStore, ObjectWriter } from '../../batch/ports.ts';
import type { Reason } from '../../batch/reason.ts';

/** A bad line of the input. */
export interface Problem {
  readonly reason: Reason;
  readonly customId?: string | undefined;
}

/** The error file of a refused input, in the shape of error rows. Written only if there is a problem. */
export function problemFile(objects: ObjectStore, key: string) {
  let writer: ObjectWriter | undefined;
  return {
    async add({ reason, customId }: Problem): Promise<void> {
      writer ??= objects.writer(key);
      const row = { id: null, custom_id: customId ?? null, response: null, error: reason };
      await writer.write(Buffer.from(`${JSON.stringify(row)}\n`));
    },
    /** Gives the key of the file, if there is one. */
    async close(): Promise<string | undefined> {
      await writer?.close();
      return writer && key;
    },
    async abort(): Promise<void> {
      await writer?.abort();
    },
  };
}
