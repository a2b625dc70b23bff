import type { Status } from '../../shared/batch/status.ts';

const TONES: Partial<Record<Status, string>> = {
  completed: 'good',
  failed: 'bad',
  cancelled: 'warn',
  retrying: 'warn',
};

interface StatusBadgeProps {
  readonly status: Status;
  readonly isCancelling?: boolean;
}

/** The status of a batch, as a word and a colour. */
export function StatusBadge({ status, isCancelling = false }: StatusBadgeProps) {
  return (
    <span className={`status ${TONES[status] ?? 'busy'}`}>
      {isCancelling ? `${status}, cancelling` : status}
    </span>
  );
}
