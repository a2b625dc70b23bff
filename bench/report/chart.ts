import { type Figure, isReached } from '../figure.ts';
import { amountOf } from './table.ts';

/** Horizontal bars of figures that have one unit, with a mark at each goal. */
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
/** Of the scale, left free beyond the largest number. */
const HEADROOM = 1.05;

/** Text stays text. The colours are those of the reader's scheme, also in an <img>. */
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
