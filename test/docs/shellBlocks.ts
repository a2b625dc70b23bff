import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..', '..');

/** Every page of the project. */
export const PAGES: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  ...globSync(['docs/*.md', 'examples/**/*.md'], { cwd: ROOT }).sort(),
];

/** Commands of a page, as a reader copies them. */
export interface ShellBlock {
  /** `page:line` of the first command. */
  readonly place: string;
  readonly script: string;
}

const FENCE = /^ *```(?:sh|bash|shell|console)\n(.*?)^ *```$/gms;
/** The first line of commands that the local stack cannot take. */
const NEEDS_AWS = /^ *# needs AWS\n/;

/** Commands of a page, apart from those that say that they need AWS. */
export function shellBlocks(page: string): readonly ShellBlock[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  return [...text.matchAll(FENCE)]
    .map(({ 1: script = '', index }) => {
      const line = text.slice(0, index).split('\n').length + 1;
      return { place: `${page}:${line}`, script };
    })
    .filter(({ script }) => !NEEDS_AWS.test(script));
}

/** A line without its comment and the white space around it. */
export function commandOf(line: string): string {
  return line.replace(/(^|\s)#.*$/, '').trim();
}
