import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { Ask, AskedModel } from '../../shared/console/refusals.ts';
import type { AsksView } from '../../shared/console/turnaroundRoutes.ts';
import { answerOf, api } from '../api.ts';
import { agoText, compactText, countText, instantText } from '../format.ts';
import { useNow } from '../now.ts';
import { KEYS } from '../queries.ts';
import type { ChartDot, ChartSeries } from './charts.tsx';
import { Figure, type FigureColumn } from './figure.tsx';
import { Dots } from './lazyCharts.tsx';
import { Note } from './note.tsx';
import { Choice, type Days, useChoices } from './periodForm.tsx';

const ACCEPTED: ChartSeries = { id: 'accepted', name: 'Accepted', color: 'var(--chart-1)' };
const REFUSED: ChartSeries = { id: 'refused', name: 'Refused', color: 'var(--bad)' };

const COLUMNS: readonly FigureColumn[] = [
  { id: 'at', name: 'Asked at, UTC' },
  { id: 'batch', name: 'Batch' },
  { id: 'outcome', name: 'Outcome' },
  { id: 'requests', name: 'Requests', textOf: countText },
  { id: 'tokens', name: 'Tokens, estimated', textOf: countText },
  { id: 'code', name: 'Reason' },
];

const DAY_MS = 24 * 3_600_000;
/** The limits are read of the table, which costs something. */
const REFRESH_MS = 60_000;

interface AsksFigureProps {
  readonly days: Days;
  /** Ends the name of the file. */
  readonly period: string;
}

/** What providers took and refused of a model, beside the limit that the handler has learned. */
export function AsksFigure({ days, period }: AsksFigureProps) {
  const [parameters, change] = useChoices();
  const provider = parameters.get('askedProvider') ?? undefined;
  const model = parameters.get('askedModel') ?? undefined;
  const { data, error } = useQuery({
    queryKey: [...KEYS.turnaround, 'asks', days, provider, model],
    queryFn: () => answerOf(api.turnaround.asks.$get({ query: { days, provider, model } })),
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MS,
  });
  if (error) return <Note kind="problem">{error.message}</Note>;
  if (!data) return <p className="dim">Reading what providers took and refused…</p>;
  const { chosen, models } = data;
  if (!chosen)
    return <p className="dim">No provider was asked to take a job in the last {days} days.</p>;
  const choose = (value: string) => {
    const [askedProvider, askedModel] = JSON.parse(value) as [string, string];
    change({ askedProvider, askedModel });
  };
  return (
    <>
      <div className="row">
        <Choice
          label="Jobs of"
          value={idOf(chosen)}
          choices={models.map((one) => ({ value: idOf(one), name: choiceText(one) }))}
          onChange={choose}
        />
      </div>
      <Asks view={data} chosen={chosen} days={days} period={period} />
    </>
  );
}

function idOf({ provider, model }: AskedModel): string {
  return JSON.stringify([provider, model]);
}

function choiceText(asked: AskedModel): string {
  return `${nameOf(asked)} (${countText(asked.refused)} refused)`;
}

function nameOf({ provider, model }: AskedModel): string {
  return `${model || 'no model'} at ${provider}`;
}

interface AsksProps {
  readonly view: AsksView;
  readonly chosen: AskedModel;
  readonly days: string;
  readonly period: string;
}

function Asks({ view, chosen, days, period }: AsksProps) {
  const { asks, limit } = view;
  const dotsOf = (isRefused: boolean): readonly ChartDot[] =>
    asks.filter((ask) => ask.isRefused === isRefused).map(dotOf);
  const midnight = (Math.floor(Date.now() / DAY_MS) + 1) * DAY_MS;
  return (
    <Figure
      title="Refusals for quota, and the learned limit"
      about={<Words view={view} chosen={chosen} days={days} />}
      fileName={`asked-for-${period}.csv`}
      table={{
        columns: COLUMNS,
        rows: asks.toReversed().map((ask, index) => ({
          id: `${index} ${ask.batchId}`,
          cells: cellsOf(ask),
        })),
      }}
      series={[ACCEPTED, REFUSED]}
    >
      <Dots
        series={[
          { ...ACCEPTED, shape: 'circle', dots: dotsOf(false) },
          { ...REFUSED, shape: 'cross', dots: dotsOf(true) },
        ]}
        limit={
          limit?.learnedTokens === undefined
            ? undefined
            : {
                value: limit.learnedTokens,
                name: `learned limit now: ${compactText(limit.learnedTokens)}`,
              }
        }
        between={[midnight - Number(days) * DAY_MS, midnight]}
        textOf={compactText}
      />
    </Figure>
  );
}

function cellsOf({ at, batchId, isRefused, requests, tokens, code }: Ask) {
  const outcome = isRefused ? 'refused' : 'accepted';
  return [instantText(at), batchId, outcome, requests, tokens, code ?? null];
}

function dotOf({ at, batchId, isRefused, requests, tokens, code }: Ask): ChartDot {
  const outcome = isRefused ? `refused${code === undefined ? '' : `: ${code}`}` : 'accepted';
  return {
    ...{ time: Date.parse(at), value: tokens, title: `${batchId}, ${instantText(at)}` },
    text: `${countText(tokens)} tokens in ${countText(requests)} requests, ${outcome}`,
  };
}

function Words({ view: { asks, limit }, chosen, days }: Omit<AsksProps, 'period'>) {
  const now = useNow();
  const { provider, accepted, refused } = chosen;
  const taken = asks.filter(({ isRefused }) => !isRefused).map(({ tokens }) => tokens);
  const { learnedText, refusedAt, coolingDown } = limit ?? {};
  return (
    <>
      <p>
        In the last {days} days, {provider} took {jobsText(accepted)} of{' '}
        {chosen.model || 'no model'} and refused {countText(refused)}
        {taken.length > 0 &&
          `; the largest that it took had ${countText(Math.max(...taken))} tokens`}
        .{accepted + refused > asks.length && ` The newest ${countText(asks.length)} are shown.`}
      </p>
      <p>
        {learnedText === undefined
          ? 'The handler knows no limit of the model at this provider now.'
          : `The handler has learned that all jobs of the model together may hold ${learnedText}.`}
        {refusedAt !== undefined && ` The last refusal was ${agoText(refusedAt, now)}.`}
        {coolingDown &&
          ` The model cools down until ${instantText(coolingDown.until)}, after ${coolingDown.reason.code}: ${coolingDown.reason.message}`}
      </p>
      <p>
        Refused are jobs that used no attempt, for quota or by the account: the reason in the table
        says which. So are calls whose refusal names a full quota. Calls that were refused in other
        words, and jobs of the parts of split batches, are not in it.
      </p>
    </>
  );
}

function jobsText(count: number): string {
  return `${countText(count)} ${count === 1 ? 'job' : 'jobs'}`;
}
