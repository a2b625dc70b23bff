import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { Turnaround as Figures, TurnaroundOf } from '../../shared/console/turnaround.ts';
import { answerOf, api } from '../api.ts';
import { AsksFigure } from '../components/asksFigure.tsx';
import { Note } from '../components/note.tsx';
import {
  Choice,
  daysOf,
  PeriodChoice,
  PeriodState,
  useChoices,
} from '../components/periodForm.tsx';
import { ReachNote } from '../components/reachNote.tsx';
import { HourTimes, ProviderTimes, samplesText } from '../components/turnaroundFigures.tsx';
import { durationText } from '../format.ts';
import { useHandler } from '../handler.ts';
import { KEYS } from '../queries.ts';

/** The server computes them of what it holds in memory, so that asking often costs nothing. */
const REFRESH_MS = 15_000;

const OF: readonly { readonly value: TurnaroundOf; readonly name: string }[] = [
  { value: 'jobs', name: 'Jobs' },
  { value: 'batches', name: 'Whole batches' },
];

const COUNTED: Readonly<Record<TurnaroundOf, string>> = {
  jobs: 'From the submission of a job to when the handler saw its end, of jobs that were completed or have expired. Jobs of the parts of split batches are not in it.',
  batches:
    'From when a batch was added, or from its notBefore if that is later, to its end, of batches that were completed.',
};

/** How long jobs and batches take, and what providers refuse. */
export default function Turnaround() {
  const [parameters, change] = useChoices();
  const { providers } = useHandler();
  const days = daysOf(parameters);
  const of: TurnaroundOf = parameters.get('of') === 'batches' ? 'batches' : 'jobs';
  const provider = parameters.get('provider') ?? undefined;
  const { data, error, isPlaceholderData } = useQuery({
    queryKey: [...KEYS.turnaround, days, of, provider],
    queryFn: async () => ({
      ...(await answerOf(api.turnaround.$get({ query: { days, of, provider } }))),
      ...{ of, provider },
    }),
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MS,
  });
  const names = new Set([...providers, ...(provider === undefined ? [] : [provider])]);
  const period = periodText(days);
  return (
    <>
      <h1>Turnaround</h1>
      <div className="row choices">
        <PeriodChoice days={days} change={change} />
        <Choice label="Of" value={of} choices={OF} onChange={(value) => change({ of: value })} />
        <Choice
          label="Provider, for the hours"
          value={provider ?? ''}
          choices={[
            { value: '', name: 'Every provider' },
            ...[...names].map((name) => ({ value: name, name })),
          ]}
          onChange={(value) => change({ provider: value || undefined })}
        />
      </div>
      <PeriodState isRead={data !== undefined} error={error} />
      <div className="figures" aria-busy={isPlaceholderData}>
        {data && (
          <>
            <ReachNote reach={data.reach} />
            <TimesOf figures={data} of={data.of} provider={data.provider} period={period} />
          </>
        )}
        <AsksFigure days={days} period={period} />
      </div>
    </>
  );
}

interface TimesOfProps {
  readonly figures: Figures;
  readonly of: TurnaroundOf;
  readonly provider: string | undefined;
  readonly period: string;
}

function TimesOf({ figures, of, provider, period }: TimesOfProps) {
  const { all, providers } = figures;
  if (providers.length === 0)
    return (
      <Note kind="info">
        {of === 'jobs' ? 'No job' : 'No batch'} has come to its end in this period.
      </Note>
    );
  const { samples, p50, p90 } = all;
  return (
    <>
      <p>
        {p50 === null || p90 === null
          ? `Nothing of ${provider} has ended in this period.`
          : `Half took at most ${durationText(p50)}, and nine of ten at most ${durationText(p90)}, at ${provider ?? 'all providers together'}. Samples: ${samplesText(samples)}.`}{' '}
        <span className="dim">
          {COUNTED[of]} Percentiles are by the nearest rank: the least time that so many percent of
          all do not exceed.
        </span>
      </p>
      <ProviderTimes turnaround={figures} what={of} period={period} />
      <HourTimes turnaround={figures} what={of} period={period} provider={provider} />
    </>
  );
}

/** The days of a period, for the names of files. */
function periodText(days: string): string {
  const dayOf = (time: number) => new Date(time).toISOString().slice(0, 10);
  const now = Date.now();
  return `${dayOf(now - (Number(days) - 1) * 24 * 3_600_000)}-to-${dayOf(now)}`;
}
