import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useEffect, useRef } from 'react';
import { Link } from 'wouter';
import { isEnded } from '../../shared/batch/status.ts';
import type { BatchDetails } from '../../shared/console/batchDetails.ts';
import { parentOf } from '../../shared/console/batchFacts.ts';
import { ApiError, answerOf, api } from '../api.ts';
import { Commands, Logs } from '../components/batch/elsewhere.tsx';
import { Failures, Problems } from '../components/batch/failures.tsx';
import { AllFacts, Crumbs, Figures, State, Title } from '../components/batch/head.tsx';
import { PastJobs, Reasons } from '../components/batch/history.tsx';
import { Parts } from '../components/batch/parts.tsx';
import { Timeline } from '../components/batch/timeline.tsx';
import { Unreadable } from '../components/batch/unreadable.tsx';
import { Note } from '../components/note.tsx';
import { KEYS } from '../queries.ts';
import '../styles/batch.css';

const Rows = lazy(() => import('./rows.tsx'));

/** The stream tells neither of parts nor of batches that are older than what the server holds. */
const ASK_AGAIN_MS = 10_000;

/** One batch: what it waits for, its life, its parts, what failed, its rows. */
export default function Batch({ batchId }: { readonly batchId: string }) {
  const { data, error } = useQuery({
    queryKey: KEYS.batch(batchId),
    queryFn: () =>
      answerOf(api.batches[':id'].$get({ param: { id: encodeURIComponent(batchId) } })),
    refetchInterval: ({ state }) => (isOpen(state.data) ? ASK_AGAIN_MS : false),
  });
  if (!data)
    return error ? <Unknown batchId={batchId} error={error} /> : <Loading batchId={batchId} />;
  return (
    <>
      {error && <Note kind="problem">What is shown may be old. {error.message}</Note>}
      {data.kind === 'unreadable' ? <Unreadable {...data} /> : <Details details={data} />}
    </>
  );
}

function isOpen(details: BatchDetails | undefined): boolean {
  return details?.kind === 'batch' && !isEnded(details.batch.status);
}

function Loading({ batchId }: { readonly batchId: string }) {
  return (
    <div className="batch">
      <h1>{batchId}</h1>
      <p className="dim">Loading…</p>
    </div>
  );
}

function Unknown({ batchId, error }: { readonly batchId: string; readonly error: Error }) {
  const isUnknown = error instanceof ApiError && error.code === 'unknown_batch';
  return (
    <div className="batch">
      <div>
        <Crumbs parent={parentOf(batchId)} />
        <h1>{batchId}</h1>
      </div>
      <Note kind="problem">{error.message}</Note>
      {isUnknown && (
        <p>
          Its id may be written otherwise, the handler may not have taken it yet, or it is longer
          ago than batches are kept. A message that was refused is in the{' '}
          <Link href="/letters">dead letters</Link>.
        </p>
      )}
    </div>
  );
}

type ReadableDetails = Extract<BatchDetails, { kind: 'batch' }>;

function Details({ details }: { readonly details: ReadableDetails }) {
  const { batch, row, parts, commands, logs } = details;
  return (
    <div className="batch">
      <Title batch={batch} row={row} parent={parentOf(batch.batchId)} />
      <State batch={batch} />
      <Figures batch={batch} />
      <Timeline batch={batch} />
      {batch.partCount !== undefined && <Parts parts={parts} count={batch.partCount} />}
      <Failures batch={batch} />
      {batch.problems && <Problems problems={batch.problems} />}
      <RowsSection batchId={batch.batchId} />
      {/* Those of a refused input are its first problems. */}
      {!batch.problems && <Reasons reasons={batch.reasons} />}
      <PastJobs jobs={batch.jobs} />
      <AllFacts batch={batch} />
      <Commands commands={commands} />
      <Logs logs={logs} />
    </div>
  );
}

function RowsSection({ batchId }: { readonly batchId: string }) {
  const section = useRef<HTMLElement>(null);
  useEffect(() => {
    // The browser has looked for the place before it was there.
    if (window.location.hash === '#rows') section.current?.scrollIntoView();
  }, []);
  return (
    <section className="card" id="rows" ref={section} aria-labelledby="rows-title">
      <h2 id="rows-title">Rows</h2>
      <Suspense fallback={<p className="dim">Loading…</p>}>
        <Rows batchId={batchId} />
      </Suspense>
    </section>
  );
}
