import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { ModelInfo, ProviderInfo } from '../../shared/client/providerInfo.ts';
import type { Turnaround } from '../../shared/console/summary.ts';
import { compactText, costText, countText, durationText } from '../format.ts';
import { useNow } from '../now.ts';
import { Gauge } from './gauge.tsx';
import { canResume, ResumeButton } from './providerCommands.tsx';
import { ProviderState, ProviderWhy } from './providerState.tsx';

interface ProviderCardProps {
  readonly info: ProviderInfo;
  /** Absent if none of its jobs has completed lately. */
  readonly turnaround: Turnaround | undefined;
  /** Batches whose jobs of today cost what is not known. */
  readonly unknownCosts: number;
}

/** A provider entry at a glance. */
export function ProviderCard({ info, turnaround, unknownCosts }: ProviderCardProps) {
  const { provider, state, jobs, models, spentToday, dailyBudget } = info;
  return (
    <article className="card provider" aria-label={provider}>
      <div className="row">
        <h3>
          <Link href={`/providers#${provider}`}>{provider}</Link>
        </h3>
        <ProviderState state={state} />
      </div>
      <ProviderWhy info={info} />
      {state !== 'ready' && canResume(info) && (
        <div className="row">
          <ResumeButton provider={provider} />
        </div>
      )}
      <dl>
        <Fact
          name="Jobs"
          gauge={jobs.max && <Gauge value={jobs.running + jobs.pending} max={jobs.max} />}
        >
          {countText(jobs.running)} running
          {jobs.pending > 0 && `, ${countText(jobs.pending)} pending`}
          {jobs.max !== undefined && ` of ${countText(jobs.max)}`}
        </Fact>
        <Fact name="Tokens">{compactText(jobs.tokens)} in its jobs</Fact>
        {models.filter(isLimited).map((model) => (
          <ModelFact key={model.model} model={model} />
        ))}
        <Waiting info={info} />
        <Fact
          name="Spent today"
          gauge={dailyBudget !== undefined && <Gauge value={spentToday} max={dailyBudget} />}
        >
          {unknownCosts > 0 && 'at least '}
          {costText(spentToday)}
          {dailyBudget !== undefined && ` of ${costText(dailyBudget)}`}
          {unknownCosts > 0 && (
            <span className="line dim">
              the cost of {unknownCosts === 1 ? '1 batch' : `${countText(unknownCosts)} batches`} is
              not known
            </span>
          )}
        </Fact>
        <Fact name="Turnaround">
          {turnaround ? (
            <>
              <span className="line">half within {durationText(turnaround.p50)}</span>
              <span className="line">90 % within {durationText(turnaround.p90)}</span>
              <span className="dim">{jobsText(turnaround.jobs)} in 7 days</span>
            </>
          ) : (
            <span className="dim">no job has completed in 7 days</span>
          )}
        </Fact>
      </dl>
    </article>
  );
}

function jobsText(jobs: number): string {
  return jobs === 1 ? '1 job' : `${countText(jobs)} jobs`;
}

function isLimited({ learnedText, coolingDown }: ModelInfo): boolean {
  return learnedText !== undefined || coolingDown !== undefined;
}

/** How much of a learned limit the jobs of a model take. */
function ModelFact({
  model: { model, tokens, learnedTokens, learnedText, coolingDown },
}: {
  readonly model: ModelInfo;
}) {
  return (
    <Fact
      name={model || 'no model'}
      gauge={learnedTokens !== undefined && <Gauge value={tokens} max={learnedTokens} />}
    >
      {learnedTokens === undefined
        ? learnedText
        : `${compactText(tokens)} of ${compactText(learnedTokens)} tokens, learned`}
      {coolingDown && ' – cooling down'}
    </Fact>
  );
}

function Waiting({ info: { provider, queue } }: { readonly info: ProviderInfo }) {
  const now = useNow();
  if (queue.batches === 0) return <Fact name="Waiting">nothing</Fact>;
  const batches = `${countText(queue.batches)}${queue.isAtLeast ? ' or more' : ''} ${queue.batches === 1 ? 'batch' : 'batches'}`;
  return (
    <Fact name="Waiting">
      <Link href={`/batches?status=queued&provider=${encodeURIComponent(provider)}`}>
        {batches}
      </Link>
      , {compactText(queue.tokens)} tokens
      {queue.oldestSince !== undefined &&
        `, the oldest for ${durationText(now - Date.parse(queue.oldestSince))}`}
    </Fact>
  );
}

interface FactProps {
  readonly name: string;
  readonly gauge?: ReactNode;
  readonly children: ReactNode;
}

function Fact({ name, gauge, children }: FactProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {children}
        {gauge}
      </dd>
    </div>
  );
}
