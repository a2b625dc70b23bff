import type { Simulator } from './server.ts';

/** What a simulator in a process of its own tells its parent. */
export interface Announcement {
  readonly ready: true;
  readonly url: string;
  readonly port: number;
}

/** The exit code of wrong options or a taken port. */
const EXIT_USAGE = 2;

/**
 * Runs a simulator as this process: options as JSON in the first argument, readiness as one JSON
 * line on stdout and as a message to a parent with an IPC channel. Ends when that parent is gone,
 * so that a killed parent leaves no orphan.
 */
export async function runAsProcess(start: (options: unknown) => Promise<Simulator>): Promise<void> {
  let running: Simulator;
  try {
    running = await start(JSON.parse(process.argv[2] ?? '{}'));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(EXIT_USAGE);
  }
  const announcement: Announcement = { ready: true, url: running.url, port: running.port };
  process.stdout.write(`${JSON.stringify(announcement)}\n`);
  process.send?.(announcement);
  const end = () => {
    running.close().finally(() => process.exit(0));
  };
  for (const event of ['disconnect', 'SIGTERM', 'SIGINT']) process.once(event, end);
}
