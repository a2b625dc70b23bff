import { join } from 'node:path';
import { measureInChild } from '../child.ts';

/** What the scripts of this folder are started with. */
export interface TransferOptions {
  readonly providerUrl: string;
  readonly objectsUrl: string;
  readonly requests: number;
}

/** What they tell. */
export interface Moved {
  readonly milliseconds: number;
  readonly peakBytes: number;
}

type Script = 'collectOnce.ts' | 'discardOnce.ts' | 'passOnce.ts' | 'submitOnce.ts';

/** Moves the bytes once, in a process of its own. */
export function move(script: Script, options: TransferOptions): Promise<Moved> {
  return measureInChild<Moved>(join(import.meta.dirname, script), options);
}
