import type { EntryInspection, LineStart } from '../../../shared/console/inspection.ts';
import { countText } from '../../format.ts';

interface ProblemsProps {
  readonly entry: EntryInspection;
  /** The beginnings of the lines that problems name. */
  readonly lines: readonly LineStart[];
}

/** Why a provider entry would refuse the file: each kind of problem, with the first lines that have it. */
export function Problems({ entry: { provider, estimate }, lines }: ProblemsProps) {
  const { groups: found, requests = 0 } = estimate ?? {};
  if (!found) return null;
  const { total, groups, other } = found;
  const texts = new Map(lines.map((line) => [line.number, line]));
  return (
    <section className="note problem" aria-label={`Problems at ${provider}`}>
      <h3>
        {provider} would refuse it: {countText(total)} {total === 1 ? 'problem' : 'problems'} in{' '}
        {countText(requests)} {requests === 1 ? 'line' : 'lines'}
      </h3>
      <ul>
        {groups.map((group) => (
          <li key={`${group.code} ${group.message}`}>
            {group.message} <span className="dim">({group.code})</span>
            {total > 1 && <span>, {timesText(group.count)}</span>}
            {group.isVaried && <span className="dim">, each with other values</span>}
            <ol className="lines">
              {group.lines.map((number) => (
                <Line key={number} number={number} line={texts.get(number)} />
              ))}
            </ol>
            {group.count > group.lines.length && group.lines.length > 0 && (
              <p className="dim">and {countText(group.count - group.lines.length)} more lines</p>
            )}
          </li>
        ))}
      </ul>
      {other > 0 && <p>{countText(other)} more problems are of other kinds.</p>}
    </section>
  );
}

function timesText(count: number): string {
  return count === 1 ? 'once' : `${countText(count)} times`;
}

function Line({ number, line }: { readonly number: number; readonly line: LineStart | undefined }) {
  return (
    <li>
      <span className="dim">line {countText(number)} </span>
      {line && (
        <code>
          {line.text}
          {line.isCut && '…'}
        </code>
      )}
    </li>
  );
}
