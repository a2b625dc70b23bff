import { createHash } from 'node:crypto';

/**
 * What stands for a `custom_id` of any length and alphabet where a provider allows few: 32 of
 * 0-9a-f, so that two of a million ids meet by chance with a probability below 10^-26.
 */
export function referenceOf(customId: string): string {
  return createHash('sha256').update(customId).digest('hex').slice(0, 32);
}
