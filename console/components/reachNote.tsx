import type { Reach } from '../../shared/console/period.ts';
import { countText, instantText } from '../format.ts';
import { Note } from './note.tsx';

/** Says so, if not all batches of a period were looked at. */
export function ReachNote({ reach: { batches, oldest } }: { readonly reach: Reach }) {
  if (oldest === undefined) return null;
  return (
    <Note kind="info">
      These figures are of the newest {countText(batches)} batches, back to {instantText(oldest)}:
      older ones were not read.
    </Note>
  );
}
