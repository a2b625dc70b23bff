import { useQuery } from '@tanstack/react-query';
import { answerOf, api } from '../api.ts';
import { useHashFocus } from '../components/hashFocus.tsx';
import { LetterQueueCard } from '../components/letterQueue.tsx';
import { Note } from '../components/note.tsx';
import { KEYS } from '../queries.ts';
import '../styles/letters.css';

/** Messages that the handler has given up, by the queue that they came from. */
export default function Letters() {
  const { data, error, isFetching, refetch } = useQuery({
    queryKey: KEYS.letters,
    queryFn: () => answerOf(api.letters.$get()),
  });
  useHashFocus('queue-', data !== undefined);
  const full = data?.queues.filter(({ count }) => count > 0) ?? [];
  const others = data?.queues.filter(({ count }) => count === 0) ?? [];
  return (
    <div className="letters">
      <div className="row">
        <h1>Dead letters</h1>
        <button type="button" disabled={isFetching} onClick={() => void refetch()}>
          Look again
        </button>
      </div>
      <p className="dim">
        Messages that the handler could not carry out. They are kept for 14 days, and hold nothing
        else up. Remove the cause, then move them back to their queue.
      </p>
      {error && <Note kind="problem">{error.message}</Note>}
      {!data && !error && <p className="dim">Loading…</p>}
      {data && full.length === 0 && <p className="calm">There are no dead letters.</p>}
      {[...full, ...others].map((letters) => (
        <LetterQueueCard
          key={letters.queue}
          letters={letters}
          move={data?.moves.find(({ queue }) => queue === letters.queue)}
        />
      ))}
    </div>
  );
}
