import prettyBytes from 'pretty-bytes';

interface BytesProgressProps {
  readonly done: number;
  readonly total: number;
  /** What is done, such as `Copying`. */
  readonly what: string;
  readonly bytesPerSecond?: number | undefined;
}

/** A bar of bytes, with the numbers that it stands for. */
export function BytesProgress({ done, total, what, bytesPerSecond }: BytesProgressProps) {
  const percent = total === 0 ? 0 : Math.floor((100 * done) / total);
  const rate = bytesPerSecond === undefined ? '' : `, ${prettyBytes(bytesPerSecond)}/s`;
  return (
    <div className="bytes">
      <progress value={done} max={total} aria-label={what} />
      <span>
        {what}: {percent} %, {prettyBytes(done)} of {prettyBytes(total)}
        {rate}
      </span>
    </div>
  );
}
