import { useState } from 'react';
import type { UploadInfo } from '../../../shared/console/uploads.ts';
import { EMPTY_DRAFT, type Plan, wishOf } from '../../plan.ts';
import { Note } from '../note.tsx';
import { BatchOptions } from './batchOptions.tsx';
import { ConfirmAdd, type ConfirmedWish } from './confirmAdd.tsx';

interface AddFormProps {
  readonly upload: UploadInfo;
  readonly plan: Plan;
  /** Provider entries. */
  readonly chosen: readonly string[];
}

/** The options of the batch, and the button that leads to its confirmation. */
export function AddForm({ upload, plan, chosen }: AddFormProps) {
  const { defaultBatchId = '', inspection, adding } = upload;
  const [draft, setDraft] = useState(EMPTY_DRAFT);
  const [problem, setProblem] = useState<string>();
  const [asked, setAsked] = useState<ConfirmedWish>();
  const isBusy = adding !== undefined && BUSY.has(adding.step);
  const ask = (): void => {
    setProblem(undefined);
    const { format = 'openai', endpoint } = inspection ?? {};
    const [provider] = chosen;
    try {
      setAsked({
        ...wishOf(draft),
        batchId: draft.batchId.trim() || defaultBatchId,
        ...(chosen.length > 1 ? { providers: [...chosen] } : { provider }),
        ...{ format, endpoint },
      });
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        ask();
      }}
    >
      <h3>The batch</h3>
      <BatchOptions draft={draft} defaultBatchId={defaultBatchId} onChange={setDraft} />
      {problem !== undefined && <Note kind="problem">{problem}</Note>}
      <div className="row submit">
        <button type="submit" className="primary" disabled={!plan.isPossible || isBusy}>
          Add it…
        </button>
        {!plan.isPossible && <span className="dim">{plan.why}</span>}
      </div>
      {asked && plan.isPossible && (
        <ConfirmAdd
          {...{ upload, plan, wish: asked, chosen }}
          onClose={() => setAsked(undefined)}
        />
      )}
    </form>
  );
}

const BUSY: ReadonlySet<string> = new Set(['reading', 'uploading', 'sent']);
