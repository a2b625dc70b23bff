import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { QueueName } from '../../shared/batch/clientPorts.ts';
import { MOVE_EFFECTS } from '../../shared/operations/deadLetters.ts';
import { answerOf, api } from '../api.ts';
import { countText } from '../format.ts';
import { useHandler } from '../handler.ts';
import { KEYS } from '../queries.ts';
import { Confirm } from './confirm.tsx';

interface RedriveProps {
  readonly queue: QueueName;
  /** About how many dead letters it has. */
  readonly count: number;
}

/** Moves the dead letters of a queue back to it, once that is confirmed. Nothing in read-only mode. */
export function RedriveButton({ queue, count }: RedriveProps) {
  const queries = useQueryClient();
  const [isOpen, setIsOpen] = useState(false);
  const { isReadOnly } = useHandler();
  if (isReadOnly) return null;
  const messages = count === 1 ? '1 message' : `about ${countText(count)} messages`;
  return (
    <>
      <button type="button" onClick={() => setIsOpen(true)} aria-label={`Redrive ${queue}`}>
        Redrive
      </button>
      {isOpen && (
        <Confirm
          title={`Redrive ${queue}`}
          action={`Move ${messages} back`}
          pending="Sending."
          onConfirm={async () => {
            await answerOf(api.letters[':queue'].redrive.$post({ param: { queue } }));
            await queries.invalidateQueries({ queryKey: KEYS.letters });
          }}
          onClose={() => setIsOpen(false)}
        >
          <p>
            {count === 1
              ? 'The message moves'
              : `All of the queue's dead letters, ${messages}, move`}{' '}
            back to the {queue} queue. {MOVE_EFFECTS[queue]}
          </p>
          <p>Remove the cause first. A move that has begun goes on, also if you close this page.</p>
        </Confirm>
      )}
    </>
  );
}
