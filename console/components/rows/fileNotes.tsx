import { Link } from 'wouter';
import type { RowsPage } from '../../../shared/console/rows/rowsPage.ts';
import { Note } from '../note.tsx';

/** Parts that are named. The page of the batch lists all of them. */
const NAMED_PARTS = 5;

interface FileNotesProps {
  readonly batchId: string;
  readonly page: RowsPage;
}

/** What of the files is missing, and why. */
export function FileNotes({ batchId, page }: FileNotesProps) {
  const { files, hasEnded, partCount = 0 } = page;
  const expired = [
    ...(files.input === 'expired' ? ['requests'] : []),
    ...(files.results === 'expired' ? ['results'] : []),
    ...(files.errors === 'expired' ? ['errors'] : []),
    ...(files.refused === 'expired' ? ['refused lines'] : []),
  ];
  const hasNoRows = files.results === 'none' && files.errors === 'none';
  return (
    <>
      {expired.length > 0 && (
        <Note kind="problem">
          The {expired.join(', ')} of this batch have expired and are deleted: they are kept for as
          long as the handler's retention says. What is left of it is shown.
        </Note>
      )}
      {files.input === 'none' && files.refused === 'none' && (
        <Note kind="info">
          {hasEnded
            ? 'The input of this batch was never read, so that it has no requests.'
            : 'Its input is not inspected yet: its requests can be seen once it is.'}
        </Note>
      )}
      {files.refused !== 'none' && (
        <Note kind="info">Its input was refused: no request has run, and none has a row.</Note>
      )}
      {hasNoRows && files.input !== 'none' && partCount === 0 && (
        <Note kind="info">
          {hasEnded
            ? 'It ended before any rows were collected.'
            : 'No job of this batch was collected yet, so that its requests have no rows.'}
        </Note>
      )}
      {hasNoRows && partCount > 0 && (
        <Note kind="info">
          This batch runs in {partCount} parts, and has rows once all of them have ended. Those of a
          part are on its own page:{' '}
          {Array.from({ length: Math.min(partCount, NAMED_PARTS) }, (_, index) => {
            const part = `${batchId}/${index + 1}`;
            return (
              <span key={part}>
                <Link href={`/batches/${encodeURIComponent(part)}`}>{part}</Link>{' '}
              </span>
            );
          })}
          {partCount > NAMED_PARTS && '…'}
        </Note>
      )}
    </>
  );
}
