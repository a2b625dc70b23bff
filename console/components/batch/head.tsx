import { Fragment, type ReactNode } from 'react';
import { Link } from 'wouter';
import type { BatchInfo } from '../../../shared/client/batchInfo.ts';
import { finishedRequests, whyText } from '../../../shared/client/batchText.ts';
import {
  costFacts,
  endText,
  factsOf,
  lifeText,
  timeText,
} from '../../../shared/console/batchFacts.ts';
import type { BatchRow } from '../../../shared/console/batchRow.ts';
import { agoText, countText } from '../../format.ts';
import { useNow } from '../../now.ts';
import { BatchCommands } from '../batchCommands.tsx';
import { Progress } from '../progress.tsx';
import { ResumeButton } from '../providerCommands.tsx';
import { StatusBadge } from '../status.tsx';

/** Where the batch is in the console, its id and its status, and what can be done with it. */
export function Title({
  batch,
  row,
  parent,
}: {
  readonly batch: BatchInfo;
  readonly row: BatchRow;
  readonly parent: string | undefined;
}) {
  return (
    <div>
      <Crumbs parent={parent} />
      <div className="row">
        <h1>{batch.batchId}</h1>
        <StatusBadge
          status={batch.status}
          isCancelling={batch.cancelRequested && batch.endedAt === undefined}
        />
        {parent === undefined && <BatchCommands batches={[row]} />}
      </div>
    </div>
  );
}

/** @param parent the id of the batch that this one is a part of */
export function Crumbs({ parent }: { readonly parent: string | undefined }) {
  return (
    <p className="crumbs">
      <Link href="/batches">Batches</Link>
      {parent !== undefined && (
        <>
          {' / '}
          <Link href={`/batches/${encodeURIComponent(parent)}`}>{parent}</Link>
        </>
      )}
    </p>
  );
}

const TONES: Partial<Record<BatchInfo['status'], string>> = {
  ...{ completed: 'good', failed: 'bad', cancelled: 'warn' },
};

/** What the batch waits for, or how it ended. */
export function State({ batch }: { readonly batch: BatchInfo }) {
  const now = useNow();
  const { status, waitingFor, endedAt } = batch;
  const why = whyText(batch);
  if (endedAt !== undefined || !waitingFor)
    return (
      <Stated
        title="How it ended"
        tone={TONES[status] ?? ''}
        text={endedAt === undefined ? '' : endText(batch, agoText(endedAt, now), now)}
      >
        {why !== '' && <p className="when">{why}</p>}
      </Stated>
    );
  const { text, since, until } = waitingFor;
  return (
    <Stated title="What it waits for" tone={tonesOfWaiting(waitingFor.kind)} text={text}>
      <p className="when">
        {since !== undefined && <span>Since {timeText(since, now)}. </span>}
        {until !== undefined && <span>Until {timeText(until, now)}.</span>}
      </p>
      {'provider' in waitingFor && (
        <p className="row">
          {RESUMABLE.has(waitingFor.kind) && <ResumeButton provider={waitingFor.provider} />}
          <Link href={`/providers#${waitingFor.provider}`}>See {waitingFor.provider}</Link>
        </p>
      )}
    </Stated>
  );
}

/** What a person can end. */
const RESUMABLE: ReadonlySet<string> = new Set(['paused', 'blocked', 'cooling_down']);

function tonesOfWaiting(kind: NonNullable<BatchInfo['waitingFor']>['kind']): string {
  if (kind === 'blocked' || kind === 'no_provider') return 'bad';
  return ['paused', 'cooling_down', 'budget', 'tenant_budget', 'retry'].includes(kind)
    ? 'warn'
    : '';
}

interface StatedProps {
  readonly title: string;
  readonly tone: string;
  readonly text: string;
  readonly children: ReactNode;
}

function Stated({ title, tone, text, children }: StatedProps) {
  return (
    <section className={`card waits ${tone}`} aria-labelledby="state">
      <h2 id="state">{title}</h2>
      <p className="what">{text}</p>
      {children}
    </section>
  );
}

/** How far it is, what it costs, and when it will have ended. */
export function Figures({ batch }: { readonly batch: BatchInfo }) {
  const now = useNow();
  const { counts, job, endedAt, deadlineAt } = batch;
  const [cost, ...bounds] = costFacts(batch);
  return (
    <div className="cards">
      <section className="card" aria-labelledby="progress">
        <h2 id="progress">Requests</h2>
        {counts.total === 0 ? (
          <p className="dim">None is known: the input was not inspected, or it was refused.</p>
        ) : (
          <>
            <p className="figure">
              <Progress done={finishedRequests(batch)} total={counts.total} unit="requests" />
            </p>
            <Facts facts={countFacts(counts)} />
          </>
        )}
      </section>
      <section className="card" aria-labelledby="cost">
        <h2 id="cost">Cost</h2>
        <p className="figure">{cost?.[1]}</p>
        <Facts facts={bounds} />
      </section>
      <section className="card" aria-labelledby="time">
        <h2 id="time">Time</h2>
        <p className="figure">{lifeText(batch, now)}</p>
        <Facts
          facts={
            endedAt === undefined
              ? [
                  [
                    'Ends about',
                    job?.estimatedEndAt === undefined
                      ? 'not known yet'
                      : timeText(job.estimatedEndAt, now),
                  ],
                  ['Deadline', timeText(deadlineAt, now)],
                ]
              : [['Ended', timeText(endedAt, now)]]
          }
        />
      </section>
    </div>
  );
}

function countFacts({ total, succeeded, failed, unfinished }: BatchInfo['counts']) {
  return [
    ['In all', countText(total)],
    ['Succeeded', countText(succeeded)],
    ['Failed', countText(failed)],
    ['Unfinished', countText(unfinished)],
  ] as const;
}

/** Everything else that is known of it. */
export function AllFacts({ batch }: { readonly batch: BatchInfo }) {
  const now = useNow();
  return (
    <section className="card" aria-labelledby="facts">
      <h2 id="facts">Facts</h2>
      <Facts facts={factsOf(batch, now)} />
    </section>
  );
}

/** Names with what they are. */
export function Facts({ facts }: { readonly facts: readonly (readonly [string, string])[] }) {
  return (
    <dl className="facts">
      {facts.map(([name, text]) => (
        <Fragment key={name}>
          <dt>{name}</dt>
          <dd>{text}</dd>
        </Fragment>
      ))}
    </dl>
  );
}
