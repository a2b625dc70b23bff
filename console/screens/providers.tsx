import { useQuery } from '@tanstack/react-query';
import { answerOf, api } from '../api.ts';
import { useHashFocus } from '../components/hashFocus.tsx';
import { Note } from '../components/note.tsx';
import { ProviderDetails } from '../components/providerDetails.tsx';
import { KEYS } from '../queries.ts';
import '../styles/providers.css';

/** A refusal of a provider changes its state, and nothing tells of it. */
const LOOK_EVERY_MS = 10_000;

/** The provider entries, and what can be done with them. */
export default function Providers() {
  const { data, error } = useQuery({
    queryKey: KEYS.providers,
    queryFn: () => answerOf(api.providers.$get()),
    refetchInterval: LOOK_EVERY_MS,
  });
  useHashFocus('entry-', data !== undefined);
  return (
    <div className="entries">
      <h1>Providers</h1>
      {error && <Note kind="problem">{error.message}</Note>}
      {!data && !error && <p className="dim">Loading…</p>}
      {data?.map((row) => (
        <ProviderDetails key={row.provider} row={row} />
      ))}
    </div>
  );
}
