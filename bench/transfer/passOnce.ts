import { finish, optionsOf, peakBytes } from '../childResult.ts';
import { objectsAt } from '../dependencies.ts';
import type { Moved, TransferOptions } from './transfer.ts';

/** Moves what the job wrote into the bucket, unread: what no ledger could undercut. */

const { providerUrl, objectsUrl } = optionsOf<TransferOptions>();
const startedAt = performance.now();
const { body } = await fetch(`${providerUrl}/v1/files/file-output/content`);
if (!body) throw new Error('nothing was downloaded');
const writer = objectsAt(objectsUrl).writer('results.jsonl');
for await (const chunk of body) await writer.write(chunk);
await writer.close();
finish({ milliseconds: performance.now() - startedAt, peakBytes: peakBytes() } satisfies Moved);
