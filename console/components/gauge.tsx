interface GaugeProps {
  readonly value: number;
  readonly max: number;
}

/** A thin bar beside the numbers that it stands for, which screen readers read in its place. */
export function Gauge({ value, max }: GaugeProps) {
  const share = max > 0 ? Math.min(1, value / max) : 0;
  return (
    <span className="gauge" aria-hidden="true">
      <span
        className={share >= 0.9 ? 'full' : undefined}
        style={{ width: `${(100 * share).toFixed(1)}%` }}
      />
    </span>
  );
}
