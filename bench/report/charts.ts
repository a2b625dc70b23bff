import { type Figure, isReached } from '../harness/figures.ts';

/** The plots of docs/performance.md: the figures that each shows, with their labels. */
const CHARTS: Readonly<
  Record<string, { readonly title: string; readonly bars: Readonly<Record<string, string>> }>
> = {
  throughput: {
    title: 'Throughput, share of the physical limit (%)',
    bars: {
      'collect-share-of-discard': 'collect 200 MB, of HTTP → discard',
      'collect-tls-share-of-discard': 'the same over TLS, of HTTPS → discard',
      'collect-1-gb-share-of-discard': 'collect 1 GB, rows of 20 KB',
      'collect-embeddings-share-of-discard': 'collect 100 MB of embeddings',
      'collect-1-kb-share-of-discard': 'collect 50 MB, rows of 1 KB',
      'collect-shuffled-share-of-discard': 'collect 200 MB, rows in no order',
      'inspect-share-of-parse': 'inspect 200 MB, of JSON.parse',
      'merge-share-of-parse': 'merge 200,000 rows, of JSON.parse',
      'merge-shuffled-share-of-parse': 'the same, rows in no order at all',
    },
  },
  memory: {
    title: 'Peak memory (MB)',
    bars: {
      'collect-peak-memory': 'collect 200 MB',
      'collect-1-gb-peak-memory': 'collect 1 GB',
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
      'cold-start-sweeper-busy': 'sweeper, one job checked',
      'cold-start-worker': 'worker',
      'cold-start-intake': 'intake',
      'cold-start-outcome': 'outcome',
      'cold-start-empty': 'empty handler, the same AWS clients',
      'cold-start-bare': 'empty handler, nothing',
    },
  },
};

/** The SVG files by name, without their ending. */
export function chartsOf(figures: readonly Figure[]): Readonly<Record<string, string>> {
  const byName = new Map(figures.map((figure) => [figure.name, figure]));
  const files = Object.entries(CHARTS).map(([file, { title, bars }]) => {
    const shown = Object.entries(bars).map(([name, what]): Figure => {
      const figure = byName.get(name);
      if (figure === undefined)
        throw new Error(`the plot ${file} needs the figure ${name}, which no benchmark gave`);
      return { ...figure, what };
    });
    return [file, svgOf({ title, figures: shown } satisfies Chart)];
  });
  return Object.fromEntries(files);
}

/** Horizontal bars for figures of one unit, with a mark at each goal. */
export interface Chart {
  readonly title: string;
  readonly figures: readonly Figure[];
}

const WIDTH = 860;
const LABELS = 400;
const AMOUNTS = 110;
const ROW = 30;
const BAR = 16;
const TOP = 44;
/** The scale is longer than the largest number by this factor. */
const HEADROOM = 1.05;

/** Keeps text as text, and follows the colour scheme of the reader even in an <img>. */
const STYLE = `
    text { font: 13px system-ui, sans-serif; fill: #1f2328; }
    .title { font-weight: 600; font-size: 15px; }
    .reached { fill: #1a7f37; } .missed { fill: #cf222e; } .plain { fill: #0969da; }
    .limit { fill: #8c959f; } .goal { stroke: #1f2328; stroke-width: 2; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; } .goal { stroke: #e6edf3; }
      .reached { fill: #3fb950; } .missed { fill: #f85149; } .plain { fill: #4493f8; }
    }`;

/** The chart as an SVG file. */
export function svgOf({ title, figures }: Chart): string {
  const height = TOP + figures.length * ROW + 28;
  const numbers = figures.flatMap(({ value, goal }) => [value, goal?.value ?? 0]);
  const largest = Math.max(...numbers, Number.MIN_VALUE);
  const scale = (WIDTH - LABELS - AMOUNTS) / (largest * HEADROOM);
  const rows = figures.map((figure, index) => rowOf(figure, TOP + index * ROW, scale));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}">
  <style>${STYLE}
  </style>
  <text class="title" x="0" y="20">${escaped(title)}</text>
${rows.join('\n')}
  <text x="${LABELS}" y="${height - 8}">│ goal · grey: physical limit</text>
</svg>
`;
}

function rowOf(figure: Figure, top: number, scale: number): string {
  const { what, value, goal } = figure;
  const width = Math.max(1, value * scale);
  const baseline = top + BAR - 3;
  const end = LABELS + Math.max(width, (goal?.value ?? 0) * scale) + 8;
  const lines = [
    `  <text x="${LABELS - 10}" y="${baseline}" text-anchor="end">${escaped(what)}</text>`,
    `  <rect class="${colourOf(figure)}" x="${LABELS}" y="${top}" width="${width.toFixed(1)}" height="${BAR}"/>`,
    `  <text x="${end.toFixed(1)}" y="${baseline}">${escaped(amountOf(figure))}</text>`,
  ];
  if (goal) {
    const x = (LABELS + goal.value * scale).toFixed(1);
    lines.push(`  <line class="goal" x1="${x}" x2="${x}" y1="${top - 4}" y2="${top + BAR + 4}"/>`);
  }
  return lines.join('\n');
}

function colourOf(figure: Figure): string {
  const reached = isReached(figure);
  if (reached !== null) return reached ? 'reached' : 'missed';
  return figure.isLimit ? 'limit' : 'plain';
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}

/** The value with its unit, rounded to what is worth reading. */
export function amountOf({ value, unit }: Pick<Figure, 'value' | 'unit'>): string {
  const text = unit === '$' ? `$${value.toFixed(2)}` : `${formatted(value)} ${unit}`;
  return text.trim();
}

function formatted(value: number): string {
  if (value >= 1_000) return Math.round(value).toLocaleString('en-US');
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
}
