import { finish, optionsOf, peakBytes } from '../childResult.ts';
import type { Moved, TransferOptions } from './transfer.ts';

/** Downloads what the job wrote and throws it away: nothing that reads it could be faster. */

const { providerUrl } = optionsOf<TransferOptions>();
const startedAt = performance.now();
const { body } = await fetch(`${providerUrl}/v1/files/file-output/content`);
let bytes = 0;
for await (const chunk of body ?? []) bytes += chunk.length;
const milliseconds = performance.now() - startedAt;
if (bytes === 0) throw new Error('nothing was downloaded');
finish({ milliseconds, peakBytes: peakBytes() } satisfies Moved);
