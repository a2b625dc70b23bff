import { useState } from 'react';
import type { ProviderInfo } from '../../shared/client/providerInfo.ts';
import { answerOf, api } from '../api.ts';
import { useHandler } from '../handler.ts';
import { Confirm } from './confirm.tsx';

interface EntryProps {
  readonly provider: string;
}

const WAITING =
  'It is sent. Waiting until the handler has carried it out, which takes up to a minute.';

/** Whether a resume would change something. */
export function canResume({ state, refusedAlone, models }: ProviderInfo): boolean {
  if (state === 'removed') return false;
  const hasLearned = models.some(({ learnedText, coolingDown }) => learnedText ?? coolingDown);
  return state !== 'ready' || refusedAlone.length > 0 || hasLearned;
}

/** Ends a pause, a block or a cool-down, once that is confirmed. Nothing in read-only mode. */
export function ResumeButton({ provider }: EntryProps) {
  const [isOpen, setIsOpen] = useState(false);
  const { isReadOnly } = useHandler();
  if (isReadOnly) return null;
  return (
    <>
      <button type="button" onClick={() => setIsOpen(true)}>
        Resume {provider}
      </button>
      {isOpen && (
        <Confirm
          title={`Resume ${provider}`}
          action="Resume"
          pending={WAITING}
          onConfirm={() =>
            answerOf(api.providers[':provider'].resume.$post({ param: { provider } }))
          }
          onClose={() => setIsOpen(false)}
        >
          <p>
            The next sweep starts waiting batches at {provider} again. This ends a pause, and the
            time that {provider} is blocked or cools down after a refusal. The handler forgets the
            limits that it has learned from refusals.
          </p>
          <p>
            Batches that start cost what their requests cost. If the cause of a refusal is still
            there, {provider} refuses again, and nothing is billed.
          </p>
        </Confirm>
      )}
    </>
  );
}

const MAX_REASON_LENGTH = 500;

/** Keeps new jobs from starting at an entry, once that is confirmed. */
export function PauseButton({ provider }: EntryProps) {
  const [isOpen, setIsOpen] = useState(false);
  const [reason, setReason] = useState('');
  const { isReadOnly } = useHandler();
  if (isReadOnly) return null;
  return (
    <>
      <button type="button" onClick={() => setIsOpen(true)}>
        Pause {provider}
      </button>
      {isOpen && (
        <Confirm
          title={`Pause ${provider}`}
          action="Pause"
          pending={WAITING}
          onConfirm={() =>
            answerOf(
              api.providers[':provider'].pause.$post({ param: { provider }, json: { reason } }),
            )
          }
          onClose={() => setIsOpen(false)}
        >
          <p>
            No new jobs start at {provider} until somebody resumes it. Jobs that run go on, and are
            billed. Batches wait, and still end at their deadline.
          </p>
          <label className="wide">
            Reason, shown to anyone who finds it paused
            <input
              value={reason}
              maxLength={MAX_REASON_LENGTH}
              onChange={({ target }) => setReason(target.value)}
            />
          </label>
        </Confirm>
      )}
    </>
  );
}
