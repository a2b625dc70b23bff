import type { ProviderInfo } from '../../shared/client/providerInfo.ts';

const TONES: Readonly<Record<ProviderInfo['state'], string>> = {
  ready: 'good',
  paused: 'warn',
  cooling_down: 'warn',
  blocked: 'bad',
  removed: 'bad',
};

const WORDS: Readonly<Record<ProviderInfo['state'], string>> = {
  ready: 'ready',
  paused: 'paused',
  cooling_down: 'cooling down',
  blocked: 'blocked',
  removed: 'removed',
};

/** The state of a provider entry, as a word and a colour. */
export function ProviderState({ state }: Pick<ProviderInfo, 'state'>) {
  return <span className={`status ${TONES[state]}`}>{WORDS[state]}</span>;
}

/** Why an entry starts no batch now, and what it refuses alone. */
export function ProviderWhy({ info }: { readonly info: ProviderInfo }) {
  const { provider, state, jobs, queue, waitingFor, refusedAlone } = info;
  const left = jobs.running + jobs.pending + queue.batches;
  return (
    <>
      {state === 'removed' && (
        <p className="why">
          The deployment no longer has {provider}, and {left}{' '}
          {left === 1 ? 'batch is' : 'batches are'} left there. Deploy the entry again until they
          have ended, or cancel them.
        </p>
      )}
      {waitingFor && <p className="why">{waitingFor.text}</p>}
      {refusedAlone.map(({ text }) => (
        <p className="why" key={text}>
          {text}
        </p>
      ))}
    </>
  );
}
