import { Link } from 'wouter';
import type { BatchInfo } from '../../../shared/client/batchInfo.ts';
import { counted } from '../../../shared/quota/waitingText.ts';
import { countText } from '../../format.ts';
import { Scroll } from '../scroll.tsx';

/** What failed in a batch, by error, each with a request that failed so. */
export function Failures({ batch }: { readonly batch: BatchInfo }) {
  const { batchId, failures } = batch;
  if (!failures) return null;
  const { total, groups, other } = failures;
  return (
    <section className="card" aria-labelledby="failures">
      <h2 id="failures">{counted(total, 'request')} failed</h2>
      <Scroll label="Failures by error">
        <table>
          <thead>
            <tr>
              <th className="number">Requests</th>
              <th className="number">HTTP status</th>
              <th>Error</th>
              <th>Such as</th>
            </tr>
          </thead>
          <tbody>
            {groups.map(({ count, status, code, example, isUnfinished }) => (
              <tr key={`${status} ${code} ${isUnfinished}`}>
                <td className="number">{countText(count)}</td>
                <td className="number">{status ?? '–'}</td>
                <td>
                  {code}
                  {isUnfinished && <span className="dim"> (would have run again)</span>}
                </td>
                <td>
                  {example !== undefined && (
                    <Link href={rowAddress(batchId, example)}>{example}</Link>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {other > 0 && (
        <p className="dim">
          {countText(other)} more have other errors, or errors that were not counted.
        </p>
      )}
    </section>
  );
}

/** The address of the row of a request. */
function rowAddress(batchId: string, customId: string): string {
  return `/batches/${encodeURIComponent(batchId)}?row=${encodeURIComponent(customId)}#rows`;
}

/** What is wrong with an input that was refused. */
export function Problems({
  problems: { total, groups, other },
}: {
  readonly problems: NonNullable<BatchInfo['problems']>;
}) {
  return (
    <section className="card" aria-labelledby="problems">
      <h2 id="problems">The input was refused: {counted(total, 'problem')}</h2>
      <Scroll label="Problems by kind">
        <table>
          <thead>
            <tr>
              <th className="number">Times</th>
              <th>What is wrong</th>
              <th>Code</th>
              <th>First lines</th>
            </tr>
          </thead>
          <tbody>
            {groups.map(({ count, code, message, isVaried, lines }) => (
              <tr key={`${code} ${message}`}>
                <td className="number">{countText(count)}</td>
                <td className="text">
                  {isVaried && <span className="dim">Such as: </span>}
                  {message}
                </td>
                <td>{code}</td>
                <td>{lines.length === 0 ? 'the whole file' : lines.map(countText).join(', ')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {other > 0 && <p className="dim">{countText(other)} more are of other kinds.</p>}
    </section>
  );
}
