import type { ProviderInfo } from '../../../shared/client/providerInfo.ts';
import type { EntryInspection } from '../../../shared/console/inspection.ts';
import { compactText, costText, countText, priceText } from '../../format.ts';
import { roomAt, tokensText } from '../../room.ts';
import { Scroll } from '../scroll.tsx';

interface EntriesProps {
  readonly entries: readonly EntryInspection[];
  readonly bytes: number;
  /** States of the entries. Undefined while they are read. */
  readonly infos: readonly ProviderInfo[] | undefined;
  readonly chosen: readonly string[];
  readonly onChoose: (chosen: readonly string[]) => void;
}

/** The provider entries that the file can go to: what it costs there, and whether there is room. */
export function Entries({ entries, bytes, infos, chosen, onChoose }: EntriesProps) {
  const rows = entries
    .map((entry, index) => {
      const info = infos?.find(({ provider }) => provider === entry.provider);
      const room = info && roomAt(info, entry);
      return { entry, info, room, isDefault: index === 0 };
    })
    .sort((a, b) => rankOf(a) - rankOf(b) || costOf(a.entry) - costOf(b.entry));
  const toggle = (provider: string, isOn: boolean): void =>
    // The order is that of the handler's entries: the first one is asked first.
    onChoose(
      entries
        .map((entry) => entry.provider)
        .filter((name) => (name === provider ? isOn : chosen.includes(name))),
    );
  return (
    <Scroll label="Provider entries">
      <table className="entries">
        <thead>
          <tr>
            <th>Provider entry</th>
            <th>Takes the file</th>
            <th className="number">At most</th>
            <th className="wide">Room now</th>
            <th className="number">Jobs</th>
            <th className="number">Model’s tokens</th>
            <th className="number">Waiting</th>
            <th className="number">Today</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ entry, info, room, isDefault }) => (
            <tr key={entry.provider}>
              <td>
                <label className="choice">
                  <input
                    type="checkbox"
                    checked={chosen.includes(entry.provider)}
                    onChange={({ target }) => toggle(entry.provider, target.checked)}
                  />
                  {entry.provider}
                </label>
                <span className="dim">
                  {' '}
                  {entry.kind}
                  {isDefault && ', the default'}
                </span>
              </td>
              <td>{takesText(entry, bytes)}</td>
              <td className="number">
                {costOfText(entry)}
                <div className="dim">{pricesText(entry)}</div>
              </td>
              <td className={room?.isFree ? 'good' : undefined}>{room?.text ?? '…'}</td>
              <td className="number">{info && jobsText(info)}</td>
              <td className="number">{info && (tokensText(info, entry) ?? 'no limit set')}</td>
              <td className="number">{info && queueText(info)}</td>
              <td className="number">{info && spentText(info)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

interface Ranked {
  readonly entry: EntryInspection;
  readonly room: { readonly isFree: boolean } | undefined;
}

/** Those that take it and have room, then those that take it, then those that may not have its model. */
function rankOf({ entry, room }: Ranked): number {
  if (entry.state === 'failed' || (entry.estimate?.problems ?? 0) > 0) return 4;
  if (entry.state !== 'done') return 3;
  if (!entry.knowsModel) return 2;
  return room?.isFree ? 0 : 1;
}

/** For the order: what is not known comes last. */
function costOf({ estimate }: EntryInspection): number {
  return estimate?.cost ?? Number.MAX_VALUE;
}

function takesText(entry: EntryInspection, bytes: number): string {
  const { state, estimate, readBytes = 0, message, knowsModel } = entry;
  if (state === 'failed') return `no: ${message}`;
  if (state === 'running') return `reading: ${Math.floor((100 * readBytes) / bytes)} %`;
  if (!estimate) return 'is read next';
  if (estimate.problems === 0) return knowsModel ? 'yes' : 'yes, if it serves the model';
  return `no: ${countText(estimate.problems)} ${estimate.problems === 1 ? 'problem' : 'problems'}`;
}

function costOfText({ estimate }: EntryInspection): string {
  if (!estimate || estimate.problems > 0) return '';
  return estimate.cost === null ? 'not known' : costText(estimate.cost);
}

function pricesText({ estimate }: EntryInspection): string {
  if (!estimate || estimate.problems > 0) return '';
  const { price } = estimate;
  return price
    ? `${priceText(price.input)} in, ${priceText(price.output)} out per 1M`
    : 'no price set';
}

function jobsText({ jobs: { running, pending, max } }: ProviderInfo): string {
  const open = countText(running + pending);
  return max === undefined ? open : `${open} of ${countText(max)}`;
}

function queueText({ queue: { batches, tokens, isAtLeast } }: ProviderInfo): string {
  if (batches === 0) return 'none';
  return `${countText(batches)}${isAtLeast ? '+' : ''}, ${compactText(tokens)} tokens`;
}

function spentText({ spentToday, dailyBudget }: ProviderInfo): string {
  const spent = costText(spentToday);
  return dailyBudget === undefined ? spent : `${spent} of ${costText(dailyBudget)}`;
}
