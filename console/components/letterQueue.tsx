import { Link } from 'wouter';
import type { LetterMove } from '../../shared/console/letterMoves.ts';
import type { LetterQueue } from '../../shared/console/letterRoutes.ts';
import { CONTENTS } from '../../shared/operations/deadLetters.ts';
import { countText, instantText } from '../format.ts';
import { Note } from './note.tsx';
import { RedriveButton } from './redrive.tsx';
import { Scroll } from './scroll.tsx';
import { Ago } from './time.tsx';

interface LetterQueueCardProps {
  readonly letters: LetterQueue;
  /** The last move back, if there was one. */
  readonly move: LetterMove | undefined;
}

/** The dead letters of a queue, with their reasons, and how their move back goes on. */
export function LetterQueueCard({ letters, move }: LetterQueueCardProps) {
  const { queue, count, oldestAt } = letters;
  return (
    <section
      id={`queue-${queue}`}
      tabIndex={-1}
      className="card queue"
      aria-labelledby={`queue-${queue}-name`}
    >
      <div className="row">
        <h2 id={`queue-${queue}-name`}>{queue}</h2>
        <span className={`status ${count > 0 ? 'bad' : 'good'}`}>
          {count === 0 ? 'empty' : `${countText(count)} dead ${count === 1 ? 'letter' : 'letters'}`}
        </span>
        {count > 0 && !move?.isRunning && <RedriveButton queue={queue} count={count} />}
      </div>
      <p className="dim">
        {CONTENTS[queue]}
        {oldestAt !== undefined && (
          <>
            ; the oldest seen sent <Ago at={oldestAt} />
          </>
        )}
      </p>
      {move && <MoveState move={move} />}
      {count > 0 && <Reasons letters={letters} />}
    </section>
  );
}

function MoveState({ move }: { readonly move: LetterMove }) {
  const { isRunning, hasFailed, moved, toMove, text, endedAt } = move;
  if (hasFailed)
    return (
      <Note kind="problem">
        They were not all moved back: {text}
        {endedAt !== null && (
          <>
            {' '}
            (<Ago at={endedAt} />)
          </>
        )}
      </Note>
    );
  return (
    <div role="status">
      <Note kind="info">
        {isRunning ? 'Moving them back: ' : ''}
        {text}
        {endedAt !== null && (
          <>
            {' '}
            <Ago at={endedAt} />
          </>
        )}
        {isRunning && (
          <progress
            value={toMove === null ? undefined : moved}
            max={toMove ?? undefined}
            aria-label="moved back"
          />
        )}
      </Note>
    </div>
  );
}

function Reasons({ letters: { queue, count, seen, reasons } }: { readonly letters: LetterQueue }) {
  const unseen = count - seen;
  return (
    <>
      <Scroll label={`Reasons of ${queue}`}>
        <table>
          <thead>
            <tr>
              <th className="number">Seen</th>
              <th>Reason</th>
              <th>Batches</th>
              <th>Messages</th>
            </tr>
          </thead>
          <tbody>
            {reasons.map(({ reason, count: times, batchIds, samples }) => (
              <tr key={reason}>
                <td className="number">{countText(times)}</td>
                <td className="reason">{reason}</td>
                <td>
                  {batchIds.length === 0 && <span className="dim">none named</span>}
                  {batchIds.map((batchId) => (
                    <div key={batchId}>
                      <Link href={`/batches/${encodeURIComponent(batchId)}`}>{batchId}</Link>
                    </div>
                  ))}
                </td>
                <td>
                  <details>
                    <summary>
                      {countText(samples.length)} {samples.length === 1 ? 'message' : 'messages'}
                    </summary>
                    <ul>
                      {samples.map(({ messageId, sentAt }) => (
                        <li key={messageId}>
                          <code>{messageId}</code>{' '}
                          <span className="dim">sent {instantText(sentAt)}</span>
                        </li>
                      ))}
                    </ul>
                  </details>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {unseen > 0 && <p className="dim">{countText(unseen)} more were not read.</p>}
    </>
  );
}
