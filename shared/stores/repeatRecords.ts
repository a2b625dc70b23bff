import { randomUUID } from 'node:crypto';
import { TABLE } from '../config.ts';
import { putIf } from './items.ts';
import type { ItemTable } from './itemTable.ts';

/**
 * For so long, a request that says it is a repeat is taken for one. SDKs repeat a call within their
 * timeout of ten minutes and a backoff of seconds.
 */
const REPEAT_SECONDS = 15 * 60;

/** Writes that may be lost to other requests with the same content before the last of them counts. */
const MAX_CONFLICTS = 5;

/** Which batch the first try of a request makes, in the table: `repeat#<SHA-256 of the request>`. */
export function repeatRecords(table: ItemTable) {
  return {
    /**
     * The id of the batch that this request makes: that of its first try if it is a repeat of one
     * within 15 minutes, else `batchId`, which is noted before this resolves.
     *
     * @param fingerprint of the request and of who makes it
     * @param now milliseconds since 1970
     */
    async batchIdOf(
      fingerprint: string,
      { isRepeat, batchId, now }: { isRepeat: boolean; batchId: string; now: number },
    ): Promise<string> {
      const id = TABLE.repeatPrefix + fingerprint;
      const until = Math.ceil(now / 1000) + REPEAT_SECONDS;
      for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
        const found = await table.get(id);
        const isKnown = found !== undefined && Number(found[TABLE.timeToLive]) * 1000 > now;
        if (isRepeat && isKnown) return String(found.batchId);
        const item = { id, writeToken: randomUUID(), batchId, [TABLE.timeToLive]: until };
        const { writeToken = '' } = found ?? {};
        const condition = found
          ? ({ is: 'token', writeToken } as const)
          : ({ is: 'absent' } as const);
        if (await putIf(table, item, condition)) return batchId;
      }
      throw new Error(`requests with one content met each other ${MAX_CONFLICTS} times in a row`);
    },
  };
}
