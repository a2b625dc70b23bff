import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { UploadInfo } from '../../../shared/console/uploads.ts';
import { answerOf, api } from '../../api.ts';
import { countText } from '../../format.ts';
import { useHandler } from '../../handler.ts';
import { type Plan, planOf } from '../../plan.ts';
import { KEYS } from '../../queries.ts';
import { Note } from '../note.tsx';
import { AddForm } from './addForm.tsx';
import { Entries } from './entries.tsx';
import { Problems } from './problems.tsx';
import { ReadAs } from './readAs.tsx';

/** The room at a provider changes by what the handler does, which nobody tells. */
const LOOK_AGAIN_MS = 15_000;

/** What is in a file, what it costs and where, and the form that adds it. */
export function PlanBatch({ upload }: { readonly upload: UploadInfo }) {
  const { inspection, bytes } = upload;
  const { providers } = useHandler();
  // What the handler would choose.
  const [chosen, setChosen] = useState<readonly string[]>(providers.slice(0, 1));
  const { data: infos, error } = useQuery({
    queryKey: KEYS.providers,
    queryFn: () => answerOf(api.providers.$get()),
    refetchInterval: LOOK_AGAIN_MS,
  });
  if (!inspection) return <p className="dim">Other files are read first…</p>;
  if (inspection.refusal !== undefined) return <Note kind="problem">{inspection.refusal}</Note>;
  const { entries, lines } = inspection;
  const plan = planOf(entries, chosen);
  return (
    <>
      <PlanFacts plan={plan} />
      {entries
        .filter(({ provider }) => chosen.includes(provider))
        .map((entry) => (
          <Problems key={entry.provider} entry={entry} lines={lines} />
        ))}
      <h3>Where it can go</h3>
      <p className="dim">
        The default is chosen. Of several, the batch or its parts go where there is room.
      </p>
      {error && <Note kind="problem">{error.message}</Note>}
      <Entries {...{ entries, bytes, infos, chosen }} onChoose={setChosen} />
      <ReadAs key={`${inspection.format} ${inspection.endpoint}`} upload={upload} />
      <AddForm upload={upload} plan={plan} chosen={chosen} />
    </>
  );
}

function PlanFacts({ plan }: { readonly plan: Plan }) {
  if (!plan.isPossible) return <p className={plan.isWaiting ? 'dim' : undefined}>{plan.why}</p>;
  const { estimate, jobs, costText, waits } = plan;
  const { model, endpoint, requests, inputTokens, maxOutputTokens } = estimate;
  const answers = maxOutputTokens > 0 ? `, answers of at most ${countText(maxOutputTokens)}` : '';
  return (
    <>
      <dl className="facts">
        <dt>Requests</dt>
        <dd>{countText(requests)}</dd>
        <dt>Model</dt>
        <dd>{model ?? '?'}</dd>
        <dt>Endpoint</dt>
        <dd>{endpoint || '?'}</dd>
        <dt>Jobs</dt>
        <dd>{jobs > 1 ? `${countText(jobs)}, as parts of one batch` : countText(jobs)}</dd>
        <dt>Tokens</dt>
        <dd>
          about {countText(inputTokens)} in prompts{answers}
        </dd>
        <dt>Cost</dt>
        <dd>{costText}</dd>
      </dl>
      {waits.map((wait) => (
        <Note key={wait} kind="info">
          It would wait: {wait}
        </Note>
      ))}
    </>
  );
}
