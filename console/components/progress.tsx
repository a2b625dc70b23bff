import { countText } from '../format.ts';

interface ProgressProps {
  readonly done: number;
  readonly total: number;
  /** What is done, such as `requests`. */
  readonly unit: string;
}

/** A bar with the numbers that it stands for. */
export function Progress({ done, total, unit }: ProgressProps) {
  if (total === 0) return <span className="dim">–</span>;
  const text = `${countText(done)} of ${countText(total)} ${unit}`;
  return (
    <span className="progress" title={text}>
      <progress value={done} max={total} aria-label={text} />
      <span aria-hidden="true">{Math.floor((100 * done) / total)} %</span>
    </span>
  );
}
