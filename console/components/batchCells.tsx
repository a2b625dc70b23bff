import { Link } from 'wouter';
import { isEnded } from '../../shared/batch/status.ts';
import type { BatchRow } from '../../shared/console/batchRow.ts';
import { agoText, compactText, costText, countText, durationText, instantText } from '../format.ts';
import { useNow } from '../now.ts';
import { Progress } from './progress.tsx';
import { Ago } from './time.tsx';

interface CellProps {
  readonly row: BatchRow;
}

/** The id, which leads to the screen of the batch, and whose it is. */
export function IdCell({ row: { batchId, tenant, metadata } }: CellProps) {
  const told = Object.entries(metadata).map(([key, value]) => `${key}=${value}`);
  return (
    <>
      <Link href={batchPath(batchId)}>{batchId}</Link>
      {tenant !== undefined && <div className="dim">tenant {tenant}</div>}
      {told.length > 0 && (
        <div className="dim cut" title={told.join('\n')}>
          {told.join(' ')}
        </div>
      )}
    </>
  );
}

/** The address of the screen of a batch. */
function batchPath(batchId: string): string {
  return `/batches/${encodeURIComponent(batchId)}`;
}

/** How much is done, of how many requests, in how many parts, and how much of it has failed. */
export function ProgressCell({ row: { counts, finished, partCount, status } }: CellProps) {
  const { total, failed, unfinished } = counts;
  if (total === 0) return <span className="dim">{isEnded(status) ? '–' : 'not counted yet'}</span>;
  return (
    <>
      <Progress done={finished} total={total} unit="requests" />
      <div className="dim">
        {compactText(total)} {total === 1 ? 'request' : 'requests'}
        {partCount !== undefined && ` in ${countText(partCount)} parts`}
      </div>
      {failed > 0 && <div className="failed">{countText(failed)} failed</div>}
      {isEnded(status) && unfinished > 0 && (
        <div className="failed">{countText(unfinished)} not finished</div>
      )}
    </>
  );
}

/** Why it waits or has failed, since when, and what failed in it so far. */
export function WhyCell({ row: { why, failed, waitingSince, createdAt, status } }: CellProps) {
  const now = useNow();
  const isWaiting = why !== '' && waitingSince !== undefined && !isEnded(status);
  return (
    <>
      {why !== '' && (
        <div className="clamp" title={why}>
          {why}
        </div>
      )}
      {isWaiting && (
        // A cause may be older than the batch, such as a pause: no batch waits longer than it exists.
        <div className="dim">
          for {durationText(now - Math.max(Date.parse(waitingSince), Date.parse(createdAt)))}
        </div>
      )}
      {failed !== '' && failed !== why && (
        <div className="clamp dim" title={failed}>
          failed: {failed}
        </div>
      )}
    </>
  );
}

/** What its jobs have cost so far, against the estimate. */
export function CostCell({ row: { cost, estimatedCost, status } }: CellProps) {
  return (
    <>
      {isEnded(status) || cost !== 0 ? costText(cost) : '–'}
      {estimatedCost !== undefined && <div className="dim">est. {costText(estimatedCost)}</div>}
    </>
  );
}

/** How long it took, or how old it is. */
export function TimeCell({ row: { createdAt, endedAt } }: CellProps) {
  const now = useNow();
  if (endedAt === undefined)
    return (
      <time dateTime={createdAt} title={`added ${instantText(createdAt)}`}>
        {durationText(now - Date.parse(createdAt))} so far
      </time>
    );
  return (
    <>
      took {durationText(Date.parse(endedAt) - Date.parse(createdAt))}
      <div className="dim">
        ended <Ago at={endedAt} />
      </div>
    </>
  );
}

/** When its job will have ended, at its pace so far. */
export function EndCell({ row: { estimatedEndAt, endedAt } }: CellProps) {
  const now = useNow();
  if (endedAt !== undefined) return null;
  if (estimatedEndAt === undefined) return <span className="dim">not known</span>;
  // It was estimated some seconds ago.
  if (Date.parse(estimatedEndAt) <= now) return <>soon</>;
  return (
    <time dateTime={estimatedEndAt} title={instantText(estimatedEndAt)}>
      {agoText(estimatedEndAt, now)}
    </time>
  );
}
