import type { BatchInfo } from '../../../shared/client/batchInfo.ts';
import { countText, durationText, instantText } from '../../format.ts';
import { Scroll } from '../scroll.tsx';

/** Why the batch was refused, retried or failed: the latest first. */
export function Reasons({ reasons }: Pick<BatchInfo, 'reasons'>) {
  if (reasons.length === 0) return null;
  return (
    <section className="card" aria-labelledby="reasons">
      <h2 id="reasons">What happened to it</h2>
      <Scroll label="Reasons">
        <table>
          <thead>
            <tr>
              <th>Time (UTC)</th>
              <th className="number">Attempt</th>
              <th>Code</th>
              <th>Reason</th>
            </tr>
          </thead>
          <tbody>
            {numbered(reasons).map(([number, { at, attempt, code, message, line }]) => (
              <tr key={number}>
                <td className="fixed">{at === undefined ? 'not recorded' : instantText(at)}</td>
                <td className="number">{attempt === undefined || attempt === 0 ? '–' : attempt}</td>
                <td>{code}</td>
                <td className="text">
                  {line !== undefined && !message.startsWith('line ') && `line ${line}: `}
                  {message}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}

/** The jobs that are over, the latest first. */
export function PastJobs({ jobs }: Pick<BatchInfo, 'jobs'>) {
  if (jobs.length === 0) return null;
  return (
    <section className="card" aria-labelledby="jobs">
      <h2 id="jobs">Past jobs</h2>
      <Scroll label="Past jobs, the latest first">
        <table>
          <thead>
            <tr>
              <th className="number">Attempt</th>
              <th>End</th>
              <th className="number">Succeeded</th>
              <th className="number">Requests</th>
              <th>Submitted (UTC)</th>
              <th className="number">Took</th>
              <th>Provider</th>
              <th>Job</th>
            </tr>
          </thead>
          <tbody>
            {numbered(jobs).map(([number, job]) => (
              <tr key={number}>
                <td className="number">{job.attempt}</td>
                <td>
                  {job.end}
                  {job.code !== undefined && ` (${job.code})`}
                </td>
                <td className="number">{countText(job.succeeded)}</td>
                <td className="number">{countText(job.requests)}</td>
                <td className="fixed">{instantText(job.submittedAt)}</td>
                <td className="number">
                  {durationText(Date.parse(job.endedAt) - Date.parse(job.submittedAt))}
                </td>
                <td>{job.provider}</td>
                <td>{job.id}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}

/** The latest first, each with its place from the beginning, which stays while others come. */
function numbered<T>(all: readonly T[]): readonly (readonly [number, T])[] {
  return all.map((each, index) => [index, each] as const).reverse();
}
