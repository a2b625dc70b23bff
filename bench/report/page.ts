import type { Figure } from '../figure.ts';
import { markdownTable } from './table.ts';

/** The figures of one benchmark, under its title. */
export interface Section {
  readonly title: string;
  readonly figures: readonly Figure[];
}

const BEGIN = '<!-- figures: written by npm run bench -- --write-docs -->';
const END = '<!-- end of figures -->';

/**
 * The page with its figures replaced.
 *
 * @param circumstances what was measured on, and when
 * @throws Error if the page has lost its markers
 */
export function withFigures(
  page: string,
  circumstances: string,
  sections: readonly Section[],
): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin === -1 || end < begin)
    throw new Error(`the page has no place for the figures: put back ${BEGIN} and ${END}`);
  const tables = sections.map(({ title, figures }) => markdownTable(title, figures));
  const figures = [BEGIN, '', circumstances, '', ...tables].join('\n');
  return page.slice(0, begin) + figures + page.slice(end);
}
