import type { TerminalCommand } from '../../../shared/console/batchDetails.ts';
import type { BatchLog } from '../../../shared/operations/batchLogs.ts';
import { CommandLine } from '../commandLine.tsx';

/** The commands that do the same in a terminal. */
export function Commands({ commands }: { readonly commands: readonly TerminalCommand[] }) {
  return (
    <section className="card" aria-labelledby="commands">
      <h2 id="commands">In the terminal</h2>
      <ul className="plain">
        {commands.map(({ what, text }) => (
          <li key={text}>
            <p className="what-it-does">{what}</p>
            <CommandLine text={text} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Where to read what was logged about the batch. */
export function Logs({ logs }: { readonly logs: readonly BatchLog[] }) {
  if (logs.length === 0) return null;
  return (
    <section className="card" aria-labelledby="logs">
      <h2 id="logs">Logs</h2>
      <ul className="plain">
        {logs.map(({ name, url, command, place }) => (
          <li key={name}>
            <p className="what-it-does">
              Log of {name}:{' '}
              {url === undefined ? (
                place
              ) : (
                <a href={url} target="_blank" rel="noreferrer">
                  lines about this batch in CloudWatch
                </a>
              )}
            </p>
            {command !== undefined && <CommandLine text={command} />}
          </li>
        ))}
      </ul>
    </section>
  );
}
