import { isHeld } from '../../../batch/holds.ts';
import { isPaused } from '../../../batch/pauses.ts';
import type { ProviderState } from '../../../batch/providerState.ts';
import { counted } from '../../counted.ts';
import { durationText } from '../../durationText.ts';
import type { Check } from '../check.ts';
import { type Found, note, ok, problem } from '../finding.ts';
import type { Subject } from '../subject.ts';

/** What keeps providers from being started on. */
export const admission: Check = {
  name: 'admission',
  permissions: ['dynamodb:GetItem', 'dynamodb:Query'],
  async run(subject) {
    const { providerStates, handler } = subject.connection;
    const names = new Set([...handler.providers, ...(await providerStates.list())]);
    const found: Found[] = [];
    for (const name of names)
      if (handler.providers.includes(name))
        found.push(...foundOf(await providerStates.get(name), subject.now()));
      else found.push(...(await leftBehind(subject, name)));
    return found.length > 0 ? found : [ok('no provider is paused or held back')];
  },
};

function foundOf(state: ProviderState, now: number): readonly Found[] {
  const { provider, hold, lastCommand } = state;
  const found: Found[] = [];
  if (isPaused(state) && lastCommand) {
    const why = lastCommand.reason === undefined ? '' : `: ${lastCommand.reason}`;
    const what = `${provider} is paused by a user since ${durationText(now - lastCommand.sentAt)}${why}`;
    found.push(note(what, `batch-handler resume ${provider}`));
  }
  if (hold && isHeld(state, now)) {
    const until = `for another ${durationText(hold.until - now)}, after ${counted(hold.refusals, 'refusal')} in a row`;
    const why = `${hold.reason.code}: ${hold.reason.message}`;
    found.push(
      hold.kind === 'account'
        ? problem(
            `${provider} refuses our account and is left alone ${until}: ${why}`,
            `put its key, its permissions or its bill right, then batch-handler resume ${provider}`,
          )
        : note(`${provider} is full and is left alone ${until}: ${why}`),
    );
  }
  for (const [model, { tokens }] of Object.entries(state.ceilings ?? {}))
    if (tokens !== undefined)
      found.push(
        note(
          `${provider} takes about ${Math.round(tokens).toLocaleString('en-US')} enqueued tokens of ${model}, as its refusals told`,
        ),
      );
  return found;
}

/** An entry that the deployment has no more. */
async function leftBehind({ connection }: Subject, name: string): Promise<readonly Found[]> {
  const [waiting, active] = await Promise.all([
    connection.batches.listWaiting(name),
    connection.batches.listActive(name),
  ]);
  const count = waiting.items.length + active.items.length;
  if (count === 0) return [];
  const more = waiting.cursor === undefined && active.cursor === undefined ? '' : ' or more';
  return [
    problem(
      `entry ${name} is no more in the deployment, and ${counted(count, 'batch', 'batches')}${more} wait or run there`,
      `deploy the entry again until they have ended, or cancel them (batch-handler list --provider ${name})`,
    ),
  ];
}
