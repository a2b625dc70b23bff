import { useQuery } from '@tanstack/react-query';
import { answerOf, api } from '../api.ts';
import { ApiKeys } from '../components/apiKeys.tsx';
import { Note } from '../components/note.tsx';
import { TenantTable } from '../components/tenantTable.tsx';
import { KEYS } from '../queries.ts';
import '../styles/tenants.css';

/** The stream does not tell of keys that others make, nor of what tenants spend. */
const LOOK_EVERY_MS = 30_000;

/** Who uses the handler, what they have and may spend, and their keys of the HTTP API. */
export default function Tenants() {
  const { data, error } = useQuery({
    queryKey: KEYS.keys,
    queryFn: () => answerOf(api.tenants.$get()),
    refetchInterval: LOOK_EVERY_MS,
  });
  return (
    <div className="tenants">
      <h1>Tenants</h1>
      {error && <Note kind="problem">{error.message}</Note>}
      {!data && !error && <p className="dim">Loading…</p>}
      {data && (
        <>
          <TenantTable info={data} />
          <ApiKeys info={data} />
        </>
      )}
    </div>
  );
}
