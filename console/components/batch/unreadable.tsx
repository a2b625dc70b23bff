import type { BatchDetails } from '../../../shared/console/batchDetails.ts';
import { parentOf } from '../../../shared/console/batchFacts.ts';
import { Note } from '../note.tsx';
import { Commands } from './elsewhere.tsx';
import { Crumbs, Facts } from './head.tsx';

type UnreadableDetails = Extract<BatchDetails, { kind: 'unreadable' }>;

/** A batch whose record cannot be read: what can be told of it, and what may still run. */
export function Unreadable({ batch, commands }: UnreadableDetails) {
  const { batchId, why, status, provider, jobId, keyPrefix } = batch;
  return (
    <div className="batch">
      <div>
        <Crumbs parent={parentOf(batchId)} />
        <h1>{batchId}</h1>
      </div>
      <Note kind="problem">
        The record of this batch cannot be read: nothing happens to it. A job may still run at its
        provider, and cost money: cancel it there. {why}
      </Note>
      <section className="card" aria-labelledby="told">
        <h2 id="told">What can be told of it</h2>
        <Facts
          facts={[
            ['Status', status ?? 'not known'],
            ['Provider entry', provider ?? 'not known'],
            ['Job', jobId ?? 'not known'],
            ['Names of its jobs begin with', keyPrefix ?? 'not known'],
          ]}
        />
      </section>
      <Commands commands={commands} />
    </div>
  );
}
