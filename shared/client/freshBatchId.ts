import { randomInt } from 'node:crypto';
import { basename } from 'node:path';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
const SUFFIX_LENGTH = 6;
/** Leaves room for the suffix within the 100 characters of a batch id. */
const MAX_STEM_LENGTH = 90;

/** A batch id that tells which file it is of, and is new: ids are used once. */
export function freshBatchId(file: string): string {
  const stem = basename(file)
    .replace(/\.jsonl?$/i, '')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, MAX_STEM_LENGTH);
  let suffix = '';
  for (let i = 0; i < SUFFIX_LENGTH; i++) suffix += ALPHABET[randomInt(ALPHABET.length)];
  return `${stem || 'batch'}-${suffix}`;
}
