import type { Figure } from '../figure.ts';
import { type Chart, svgOf } from './chart.ts';

/** The plots of the page: which figures each shows, under which words. */
const CHARTS: Readonly<
  Record<string, { readonly title: string; readonly bars: Readonly<Record<string, string>> }>
> = {
  throughput: {
    title: 'Throughput, share of the physical limit (%)',
    bars: {
      'collect-share-of-discard': 'collect 200 MB, of HTTP → discard',
      'inspect-share-of-parse': 'inspect 200 MB, of JSON.parse',
      'merge-share-of-parse': 'merge 200,000 rows, of JSON.parse',
      'merge-shuffled-share-of-parse': 'the same, rows in no order at all',
    },
  },
  memory: {
    title: 'Peak memory (MB)',
    bars: {
      'collect-peak-memory': 'collect 200 MB',
      'collect-peak-memory-1-gb': 'collect 1 GB',
      'upload-peak-memory': 'upload 200 MB',
      'merge-memory-above-base': 'merge 200,000 rows, above base',
      'merge-shuffled-memory-above-base': 'the same, rows in no order at all',
    },
  },
  sweep: {
    title: 'A sweep of running batches, 50 ms a call (ms)',
    bars: {
      'sweep-1000-time': '1,000, one call each',
      'sweep-1000-limit': 'waiting alone',
      'sweep-1000-list-time': "1,000, OpenAI's provider",
      'sweep-10000-time': '10,000, one call each',
      'sweep-10000-limit': 'waiting alone',
    },
  },
  'cold-start': {
    title: 'Cold start, from spawn to handled (ms)',
    bars: {
      'cold-start-sweeper': 'sweeper, nothing due',
      'cold-start-sweeper-busy': 'sweeper, one job looked at',
      'cold-start-worker': 'worker',
      'cold-start-intake': 'intake',
      'cold-start-outcome': 'outcome',
      'cold-start-empty': 'empty handler, the same AWS clients',
      'cold-start-bare': 'empty handler, nothing',
    },
  },
};

/** The SVG files by name, without the ending. */
export function chartsOf(figures: readonly Figure[]): Readonly<Record<string, string>> {
  const byName = new Map(figures.map((figure) => [figure.name, figure]));
  const files = Object.entries(CHARTS).map(([file, { title, bars }]) => {
    const shown = Object.entries(bars).map(([name, what]): Figure => {
      const figure = byName.get(name);
      if (figure === undefined) throw new Error(`the plot ${file} shows ${name}, which is missing`);
      return { ...figure, what };
    });
    return [file, svgOf({ title, figures: shown } satisfies Chart)];
  });
  return Object.fromEntries(files);
}
