import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { UploadInfo } from '../../../shared/console/uploads.ts';
import { answerOf, api } from '../../api.ts';
import { useNow } from '../../now.ts';
import { Note } from '../note.tsx';
import { BytesProgress } from './bytesProgress.tsx';

/** What has become of adding the file, which goes on at the server whatever this page does. */
export function AddingState({ upload }: { readonly upload: UploadInfo }) {
  return (
    <div role="status">
      <Step upload={upload} />
    </div>
  );
}

function Step({ upload }: { readonly upload: UploadInfo }): ReactNode {
  const { adding, bytes, id } = upload;
  const now = useNow();
  if (!adding) return null;
  const { batchId } = adding;
  switch (adding.step) {
    case 'reading':
      return (
        <div className="row">
          <p>Reading it, to know whether batch {batchId} exists…</p>
          <Cancel id={id} />
        </div>
      );
    case 'uploading': {
      const seconds = (now - adding.since) / 1_000;
      const bytesPerSecond = seconds > 1 ? adding.bytes / seconds : undefined;
      return (
        <div className="row">
          <BytesProgress
            what="Uploading to the handler"
            {...{ done: adding.bytes, total: bytes, bytesPerSecond }}
          />
          <Cancel id={id} />
        </div>
      );
    }
    case 'sent':
      return (
        <Note kind={adding.note === undefined ? 'info' : 'problem'}>
          The message for {batchId} is sent, and the handler has not taken it in yet.
          {adding.note !== undefined && <p>{adding.note}</p>}
        </Note>
      );
    case 'accepted':
      return (
        <Note kind="info">
          The handler has taken in <BatchLink batchId={batchId} />.
        </Note>
      );
    case 'existing':
      return (
        <Note kind="info">
          <p>
            <BatchLink batchId={batchId} /> exists with the same input and options and is{' '}
            {adding.status}: nothing was sent.
          </p>
          <p>{existingText(adding)}</p>
        </Note>
      );
    case 'refused':
      return <Note kind="problem">{adding.message}</Note>;
    case 'failed':
      return (
        <Note kind="problem">
          {adding.message} Nothing was sent, and the file is still here: add it again.
        </Note>
      );
    case 'cancelled':
      return <Note kind="info">Cancelled: nothing was sent, and the file is still here.</Note>;
  }
}

function existingText({
  status,
  canRetry,
}: {
  readonly status: string;
  readonly canRetry: boolean;
}): string {
  if (canRetry && status !== 'completed') return 'Its requests can be run again there.';
  if (status === 'failed' || status === 'cancelled')
    return 'None of its requests ever ran: to add it again, give it another batch id.';
  return 'To run the same requests once more, give them another batch id.';
}

function BatchLink({ batchId }: { readonly batchId: string }) {
  return <Link href={`/batches/${encodeURIComponent(batchId)}`}>batch {batchId}</Link>;
}

function Cancel({ id }: { readonly id: string }) {
  const { mutate, error } = useMutation({
    mutationFn: () => answerOf(api.uploads[':id'].cancel.$post({ param: { id } })),
  });
  return (
    <>
      <button type="button" onClick={() => mutate()}>
        Cancel the upload
      </button>
      {error && <Note kind="problem">{error.message}</Note>}
    </>
  );
}
