import { useQuery } from '@tanstack/react-query';
import { answerOf, api } from '../api.ts';
import { NeedsYou } from '../components/needsYou.tsx';
import { Note } from '../components/note.tsx';
import { ProviderCard } from '../components/providerCard.tsx';
import { Totals } from '../components/totals.tsx';
import { KEYS } from '../queries.ts';
import '../styles/today.css';

/** The stream tells of batches, and not of a provider that refuses or of a dead letter. */
const LOOK_EVERY_MS = 15_000;

/** What needs somebody, and how everything is. */
export default function Today() {
  const { data, error } = useQuery({
    queryKey: KEYS.today,
    queryFn: () => answerOf(api.today.$get()),
    refetchInterval: LOOK_EVERY_MS,
  });
  return (
    <div className="today">
      <h1>Today</h1>
      {error && <Note kind="problem">{error.message}</Note>}
      <NeedsYou letters={data?.letters ?? []} isReachable={error === null} />
      {data ? (
        <>
          <section aria-labelledby="providers">
            <h2 id="providers">Providers</h2>
            <div className="cards">
              {data.providers.map((info) => (
                <ProviderCard
                  key={info.provider}
                  info={info}
                  turnaround={data.turnarounds[info.provider]}
                  unknownCosts={data.unknownCosts[info.provider] ?? 0}
                />
              ))}
            </div>
          </section>
          <Totals today={data} />
        </>
      ) : (
        !error && <p className="dim">Loading…</p>
      )}
    </div>
  );
}
