import { createElement, type ReactNode } from 'react';
import type { BatchInfo } from '../../../shared/client/batchInfo.ts';
import { momentText, type Segment, timelineOf } from '../../../shared/console/timeline.ts';
import { pictureOf, type Shape } from '../../../shared/console/timelineShapes.ts';
import { durationText } from '../../format.ts';
import { useNow } from '../../now.ts';
import { Scroll } from '../scroll.tsx';

/** The life of a batch, drawn to scale, with the same as a table. */
export function Timeline({ batch }: { readonly batch: BatchInfo }) {
  const now = useNow();
  const timeline = timelineOf(batch, now);
  const { start, end, segments, isOpen } = timeline;
  const { height, shapes } = pictureOf(timeline);
  const name = `From ${momentText(start)} to ${isOpen ? 'now' : momentText(end)}: ${segments.map(({ label }) => label).join(', ')}`;
  return (
    <section className="card timeline" aria-labelledby="life">
      <h2 id="life">Its life</h2>
      <svg role="img" aria-label={name} height={height}>
        {shapes.map(drawn)}
      </svg>
      <details>
        <summary>The same as a table</summary>
        <Scroll label="Its life as a table">
          <table>
            <thead>
              <tr>
                <th>What</th>
                <th>From (UTC)</th>
                <th>Until</th>
                <th className="number">Length</th>
                <th>Told meanwhile</th>
              </tr>
            </thead>
            <tbody>
              {segments.map((segment) => (
                <SegmentRow key={segment.start} segment={segment} />
              ))}
            </tbody>
          </table>
        </Scroll>
      </details>
    </section>
  );
}

function SegmentRow({ segment }: { readonly segment: Segment }) {
  const { start, end, label, detail, reasons, isOpen } = segment;
  const told = reasons.map(({ at = '', code, message }) => {
    const time = momentText(Date.parse(at));
    return `${time}: ${code}: ${message}`;
  });
  return (
    <tr>
      <td>{label}</td>
      <td className="fixed">{momentText(start)}</td>
      <td className="fixed">{isOpen ? 'now' : momentText(end)}</td>
      <td className="number">{durationText(end - start)}</td>
      <td className="text">{[detail, ...told].filter(Boolean).join('\n')}</td>
    </tr>
  );
}

/** An element of the picture. React knows the attributes of SVG by names of its own. */
function drawn({ tag, attributes, text, title, inside = [] }: Shape, key: number): ReactNode {
  const named = Object.entries(attributes).map(([name, value]) => [
    name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase()),
    value,
  ]);
  const children = [
    title && createElement('title', { key: 'title' }, title),
    text,
    inside.map(drawn),
  ];
  return createElement(tag, { key, ...Object.fromEntries(named) }, ...children);
}
