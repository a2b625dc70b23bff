import { ProviderError, shortReason } from '../../batch/errors.ts';
import { METRICS } from '../../metrics.ts';
import type { ListedState, Provider, Providers } from '../../providers/provider.ts';
import { wrapCalls } from '../../providers/wrapCalls.ts';
import type { Dependencies } from '../dependencies.ts';

export type SharePorts = Pick<Dependencies, 'clock' | 'log' | 'metrics'>;

/** How long a provider may answer none of its calls: more than one try of a call, which has 30 s. */
const SILENCE_MS = 60_000;
/** How long the states of all jobs may be listed before jobs are checked one by one. */
const STATES_MS = 60_000;

/** A provider's share of one sweep. While it is used up, the sweep does not call that provider. */
export class ProviderShare {
  readonly #provider: string;
  readonly #ports: SharePorts;
  readonly #until: () => number;
  /** A part of a share, whose end is its caller's matter. */
  readonly #isPart: boolean;
  readonly #pending = new Set<(error: ProviderError) => void>();
  #lastAnswerAt = 0;
  #stopTimer: (() => void) | undefined;
  #isSilent = false;
  #isCutShort = false;

  /** @param until when the time for calls is over, in milliseconds since 1970. It may become later */
  constructor(provider: string, ports: SharePorts, until: () => number, isPart = false) {
    this.#provider = provider;
    this.#ports = ports;
    this.#until = until;
    this.#isPart = isPart;
  }

  /** A part of it for calls that others can take the place of, if they take too long. */
  part(milliseconds: number): ProviderShare {
    const partUntil = this.#ports.clock.now() + milliseconds;
    const until = () => Math.min(partUntil, this.#until());
    return new ProviderShare(this.#provider, this.#ports, until, true);
  }

  /** Whether the provider is not called now. */
  isSpent(): boolean {
    return this.#isSilent || this.#ports.clock.now() >= this.#until();
  }

  /** Whether a call was refused or given up because of that. */
  wasCutShort(): boolean {
    return this.#isCutShort;
  }

  /**
   * Makes one call to the provider. A call that does not answer within the share fails, and its
   * answer is dropped if it comes later. So only calls are given up, never the writes that follow
   * from their answers: the sweep's lease covers all of its writes.
   *
   * @throws ProviderError `transient` while the share is used up
   */
  async call<T>(make: () => Promise<T>): Promise<T> {
    const { clock } = this.#ports;
    if (this.isSpent()) throw this.#end();
    if (this.#pending.size === 0) this.#lastAnswerAt = clock.now();
    this.#watch();
    return new Promise((resolve, reject) => {
      this.#pending.add(reject);
      const onAnswer = () => {
        this.#lastAnswerAt = clock.now();
        this.#pending.delete(reject);
      };
      make().finally(onAnswer).then(resolve, reject);
    });
  }

  /** One timer watches over all calls. It is set again as long as some of them are under way. */
  #watch(): void {
    if (this.#stopTimer) return;
    const { clock } = this.#ports;
    const at = Math.min(this.#until(), this.#lastAnswerAt + SILENCE_MS);
    this.#stopTimer = clock.after(at - clock.now(), () => {
      this.#stopTimer = undefined;
      if (this.#pending.size === 0) return;
      this.#isSilent = clock.now() - this.#lastAnswerAt >= SILENCE_MS;
      if (this.isSpent()) this.#end();
      else this.#watch();
    });
  }

  #end(): ProviderError {
    const why = this.#isSilent
      ? `it has answered nothing for ${SILENCE_MS / 1000} s`
      : 'its time in this sweep is over';
    if (!this.#isCutShort && !this.#isPart) this.#report(why);
    this.#isCutShort = true;
    const message = `${this.#provider} is left to the next sweep: ${why}`;
    const error = new ProviderError('transient', shortReason('sweep_share_spent', message));
    for (const reject of this.#pending) reject(error);
    this.#pending.clear();
    return error;
  }

  #report(why: string): void {
    const { log, metrics } = this.#ports;
    const fields = { provider: this.#provider, why, callsGivenUp: this.#pending.size };
    log.warn('provider left to the next sweep', fields);
    metrics.count(METRICS.providersCutShort, 1, this.#provider);
  }

  /** Stops the timer. To be called when the sweep is over. */
  close(): void {
    this.#stopTimer?.();
  }
}

/** The same providers, with each call that a sweep makes counted in the share of its provider. */
export function withShares(
  providers: Providers,
  shareOf: (name: string) => ProviderShare,
): Providers {
  return {
    names: providers.names,
    timing: (name, completionWindow) => providers.timing(name, completionWindow),
    describe: (name) => providers.describe(name),
    async get(name) {
      const share = shareOf(name);
      // It reads a secret, which may hang as well.
      const provider = await share.call(() => providers.get(name));
      return limited(provider, share);
    },
  };
}

/** The listings of states together have a part of the share: jobs can be checked one by one instead. */
function limited(provider: Provider, share: ProviderShare): Provider {
  const { listStates, listStatesAfter } = provider;
  const wrapped = wrapCalls(provider, {
    call: (make) => share.call(() => make(provider)),
    read: (open) => eachWithin(share, open(provider)),
  });
  let part: ProviderShare | undefined;
  const list = (states: AsyncIterable<ListedState>) => {
    part ??= share.part(STATES_MS);
    return eachWithin(part, states);
  };
  return {
    ...wrapped,
    ...(listStates && { listStates: () => list(listStates()) }),
    ...(listStatesAfter && { listStatesAfter: (jobId) => list(listStatesAfter(jobId)) }),
  };
}

async function* eachWithin<T>(share: ProviderShare, items: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]();
  try {
    while (true) {
      const { done, value } = await share.call(() => iterator.next());
      if (done) return;
      yield value;
    }
  } finally {
    // Not awaited: a page that hangs would hold it up.
    iterator.return?.()?.catch(() => {});
  }
}
