import { Link } from 'wouter';
import type { ModelInfo } from '../../shared/client/providerInfo.ts';
import type { ProviderRow } from '../../shared/console/providerRoutes.ts';
import { costText, countText, durationText, instantText } from '../format.ts';
import { useHandler } from '../handler.ts';
import { useNow } from '../now.ts';
import { Gauge } from './gauge.tsx';
import { canResume, PauseButton, ResumeButton } from './providerCommands.tsx';
import { ProviderKeyButton } from './providerKey.tsx';
import { ProviderState, ProviderWhy } from './providerState.tsx';
import { Scroll } from './scroll.tsx';
import { Ago } from './time.tsx';

/** Everything about a provider entry, with its commands. */
export function ProviderDetails({ row }: { readonly row: ProviderRow }) {
  const { provider, state, kind, models } = row;
  return (
    <section
      id={`entry-${provider}`}
      tabIndex={-1}
      className="card provider"
      aria-labelledby={`entry-${provider}-name`}
    >
      <div className="row">
        <h2 id={`entry-${provider}-name`}>{provider}</h2>
        <ProviderState state={state} />
        {kind !== undefined && kind !== provider && <span className="dim">{kind}</span>}
        <Commands row={row} />
      </div>
      <ProviderWhy info={row} />
      <div className="columns">
        <Now row={row} />
        <Settings row={row} />
      </div>
      {models.length > 0 && <Models provider={provider} models={models} />}
    </section>
  );
}

function Commands({ row }: { readonly row: ProviderRow }) {
  const { provider, state, key } = row;
  if (state === 'removed') return null;
  return (
    <div className="row commands">
      {canResume(row) && <ResumeButton provider={provider} />}
      {state !== 'paused' && <PauseButton provider={provider} />}
      {key === 'secret' && <ProviderKeyButton provider={provider} />}
    </div>
  );
}

/** What it does now. */
function Now({
  row: { provider, jobs, queue, spentToday, dailyBudget, budgetRenewsAt },
}: {
  readonly row: ProviderRow;
}) {
  const now = useNow();
  const { running, pending, tokens, max, startedThisHour, maxPerHour } = jobs;
  return (
    <dl>
      <div>
        <dt>Jobs</dt>
        <dd>
          {countText(running)} running, {countText(pending)} pending
          {max !== undefined && ` of ${countText(max)}`}
          {max !== undefined && <Gauge value={running + pending} max={max} />}
        </dd>
      </div>
      <div>
        <dt>Started</dt>
        <dd>
          {countText(startedThisHour)}
          {maxPerHour !== undefined && ` of ${countText(maxPerHour)}`} in this hour
        </dd>
      </div>
      <div>
        <dt>Tokens</dt>
        <dd>{countText(tokens)} estimated in its jobs</dd>
      </div>
      <div>
        <dt>Queue</dt>
        <dd>
          {queue.batches === 0 ? (
            'nothing waits'
          ) : (
            <>
              <Link href={`/batches?status=queued&provider=${encodeURIComponent(provider)}`}>
                {countText(queue.batches)}
                {queue.isAtLeast && ' or more'} {queue.batches === 1 ? 'batch' : 'batches'}
              </Link>
              , {countText(queue.tokens)} estimated tokens
              {queue.oldestSince !== undefined &&
                `, the oldest for ${durationText(now - Date.parse(queue.oldestSince))}`}
            </>
          )}
        </dd>
      </div>
      <div>
        <dt>Spent today</dt>
        <dd>
          {costText(spentToday)}
          {dailyBudget === undefined ? ', no daily budget' : ` of ${costText(dailyBudget)}`}
          {budgetRenewsAt !== undefined && (
            <>
              , renewed <Ago at={budgetRenewsAt} />
            </>
          )}
          {dailyBudget !== undefined && <Gauge value={spentToday} max={dailyBudget} />}
        </dd>
      </div>
    </dl>
  );
}

/** Its limits, as the deployment sets them, and its key. */
function Settings({ row: { provider, limits, key, state } }: { readonly row: ProviderRow }) {
  const { isReadOnly } = useHandler();
  const shown = LIMITS.flatMap(({ name, text, unit }) => {
    const value = limits[name];
    return value === undefined ? [] : [{ name, text, value: unit(value) }];
  });
  return (
    <dl>
      {shown.map(({ name, text, value }) => (
        <div key={name}>
          <dt>{text}</dt>
          <dd>{value}</dd>
        </div>
      ))}
      {state !== 'removed' && key === 'program' && !isReadOnly && (
        <div>
          <dt>Key</dt>
          <dd className="dim">
            The program that runs the handler gives {provider} its key: change it there.
          </dd>
        </div>
      )}
    </dl>
  );
}

const inMebibytes = (bytes: number): string => `${countText(Math.round(bytes / 1024 / 1024))} MiB`;

const LIMITS = [
  { name: 'maxInFlight', text: 'Jobs at once', unit: countText },
  { name: 'maxEnqueuedTokens', text: 'Tokens at once, a model', unit: countText },
  { name: 'maxEnqueuedRequests', text: 'Requests at once', unit: countText },
  { name: 'maxStartsPerHour', text: 'Starts an hour', unit: countText },
  { name: 'maxRequests', text: 'Requests in a job', unit: countText },
  { name: 'maxBytes', text: 'Size of a job', unit: inMebibytes },
  { name: 'maxEmbeddingInputs', text: 'Texts in a job', unit: countText },
] as const;

interface ModelsProps {
  readonly provider: string;
  readonly models: readonly ModelInfo[];
}

function Models({ provider, models }: ModelsProps) {
  return (
    <Scroll label={`Models of ${provider}`}>
      <table>
        <thead>
          <tr>
            <th>Model</th>
            <th className="number">Jobs</th>
            <th className="number">Tokens</th>
            <th>Learned limit</th>
            <th>Last refusal</th>
            <th>Cools down</th>
          </tr>
        </thead>
        <tbody>
          {models.map(
            ({ model, jobs, tokens, learnedText, learnedTokens, refusedAt, coolingDown }) => (
              <tr key={model}>
                <td>{model || <span className="dim">batches without a model</span>}</td>
                <td className="number">{countText(jobs)}</td>
                <td className="number">
                  {countText(tokens)}
                  {learnedTokens !== undefined && <Gauge value={tokens} max={learnedTokens} />}
                </td>
                <td>{learnedText ?? <span className="dim">none</span>}</td>
                <td>{refusedAt === undefined ? '' : <Ago at={refusedAt} />}</td>
                <td className="reason">
                  {coolingDown &&
                    `until ${instantText(coolingDown.until)}: ${coolingDown.reason.message}`}
                </td>
              </tr>
            ),
          )}
        </tbody>
      </table>
    </Scroll>
  );
}
