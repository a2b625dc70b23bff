import { join } from 'node:path';
import { type ServiceProcess, startService } from '../../local/emulators/serviceProcess.ts';
import { inDirectory } from '../inDirectory.ts';
import type { Listening } from './listen.ts';

/** Scripts beside this one, each a server that is run as a process of its own. */
const SCRIPTS = { provider: 'provider.ts', objects: 'objects.ts', aws: 'aws.ts' } as const;
export type ServerName = keyof typeof SCRIPTS;

/** Runs servers while something is measured, and gives it their base URLs. */
export async function withServers<Name extends ServerName, T>(
  servers: Readonly<Record<Name, object>>,
  measure: (urls: Readonly<Record<Name, string>>) => Promise<T>,
): Promise<T> {
  return inDirectory(async (directory) => {
    const processes: ServiceProcess[] = [];
    try {
      const urls: Partial<Record<Name, string>> = {};
      for (const [name, options] of Object.entries(servers) as [Name, object][]) {
        const script = join(import.meta.dirname, SCRIPTS[name]);
        const log = join(directory, `${name}.log`);
        const process = await startService(`the ${name} server`, script, options, log);
        processes.push(process);
        urls[name] = (process.ready as Listening).url;
      }
      return await measure(urls as Record<Name, string>);
    } finally {
      await Promise.all(processes.map((process) => process.stop()));
    }
  });
}
