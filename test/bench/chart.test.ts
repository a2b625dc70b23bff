import { describe, expect, it } from 'vitest';
import { atLeast, atMost, type Figure } from '../../bench/harness/figures.ts';
import { svgOf } from '../../bench/report/charts.ts';
import { withFigures } from '../../bench/report/page.ts';

const bar = (value: number, more: Partial<Figure> = {}): Figure => ({
  ...{ name: 'bar', what: 'a bar', value, unit: 'MB' },
  ...more,
});

function widths(svg: string): number[] {
  return [...svg.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(([, width]) => Number(width));
}

describe('a chart', () => {
  it('draws bars in proportion', () => {
    const [whole = 0, half = 0] = widths(svgOf({ title: 'T', figures: [bar(100), bar(50)] }));
    expect(half / whole).toBeCloseTo(0.5, 2);
  });

  it('has room for a goal beyond its bar', () => {
    const svg = svgOf({ title: 'T', figures: [bar(50, { goal: atLeast(100) })] });
    const [, x] = /<line class="goal" x1="([\d.]+)"/.exec(svg) ?? [];
    const [width = 0] = widths(svg);
    expect(Number(x)).toBeCloseTo(400 + width * 2, 0);
    expect(Number(x)).toBeLessThan(860);
  });

  it.each([
    ['reached', bar(1, { goal: atMost(2) })],
    ['missed', bar(3, { goal: atMost(2) })],
    ['limit', bar(3, { isLimit: true })],
    ['plain', bar(3)],
  ])('colours a bar as %s', (colour, figure) => {
    expect(svgOf({ title: 'T', figures: [figure] })).toContain(`<rect class="${colour}"`);
  });

  it('escapes its texts', () => {
    const svg = svgOf({ title: 'a < b & "c"', figures: [bar(1, { what: '<x>' })] });
    expect(svg).toContain('>a &lt; b &amp; &quot;c&quot;</text>');
    expect(svg).toContain('>&lt;x&gt;</text>');
  });
});

describe('the page', () => {
  const page =
    'before\n<!-- figures: written by npm run bench -- --write-docs -->\nold\n<!-- end of figures -->\nafter\n';

  it('gets new figures and keeps everything else', () => {
    const written = withFigures(page, 'On a machine.', [{ title: 'Merge', figures: [bar(3)] }]);
    expect(written).toMatch(/^before\n/);
    expect(written).toMatch(/<!-- end of figures -->\nafter\n$/);
    expect(written).toContain('On a machine.');
    expect(written).toContain('| a bar | 3.00 MB |');
    expect(written).not.toContain('old');
    expect(withFigures(written, 'On a machine.', [{ title: 'Merge', figures: [bar(3)] }])).toBe(
      written,
    );
  });

  it('must have markers for them', () => {
    expect(() => withFigures('nothing', '', [])).toThrow('no place for the figures');
  });
});
