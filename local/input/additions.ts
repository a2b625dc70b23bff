import { createHash } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import * as z from 'zod';
import { freshBatchId } from '../../shared/client/freshBatchId.ts';

const additionSchema = z.object({
  batchId: z.string(),
  /** Absolute path of the file, and its content as it was. */
  file: z.string(),
  sha256: z.string(),
  /** Of the message that added it; absent until that was sent. */
  messageId: z.string().optional(),
});
export type Addition = z.infer<typeof additionSchema>;

/** Which file every batch came from, so that a run that was killed goes on with it. */
export interface Additions {
  readonly all: readonly Addition[];
  /** The newest batch of the file as it is now, if there is one. */
  find(file: string): Promise<Addition | undefined>;
  /** Notes the intent before anything is uploaded or sent. */
  begin(file: string): Promise<Addition>;
  /** Notes that the message is out. */
  sent(batchId: string, messageId: string): Addition;
}

/** @param path the file in which additions are kept; it may not exist yet */
export function openAdditions(path: string): Additions {
  let all: Addition[] = existsSync(path)
    ? z.array(additionSchema).parse(JSON.parse(readFileSync(path, 'utf8')))
    : [];
  const save = (): void => {
    mkdirSync(dirname(path), { recursive: true });
    // Beside and then over: a kill in between leaves the old list, never half of the new.
    writeFileSync(`${path}.new`, `${JSON.stringify(all, undefined, 2)}\n`);
    renameSync(`${path}.new`, path);
  };
  return {
    get all() {
      return all;
    },
    async find(file) {
      const now = await describe(file);
      return all.findLast((each) => each.file === now.file && each.sha256 === now.sha256);
    },
    async begin(file) {
      const addition = { batchId: freshBatchId(file), ...(await describe(file)) };
      all = [...all, addition];
      save();
      return addition;
    },
    sent(batchId, messageId) {
      const found = all.find((addition) => addition.batchId === batchId);
      if (found === undefined) throw new Error(`${batchId} was not begun`);
      const addition = { ...found, messageId };
      all = all.map((each) => (each === found ? addition : each));
      save();
      return addition;
    },
  };
}

async function describe(file: string): Promise<Pick<Addition, 'file' | 'sha256'>> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return { file: resolve(file), sha256: hash.digest('hex') };
}
