import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ServiceProcess, startService } from '../../local/emulators/serviceProcess.ts';
import type { Listening, ServerOptions } from './listen.ts';

/** Scripts in `servers/`, each a server that runs as a process of its own. */
type ServerName = 'provider' | 'objects' | 'aws';

/** Runs servers, with their options by name, while `measure` runs, which gets their base URLs. */
export async function withServers<Name extends ServerName, T>(
  servers: Readonly<Record<Name, object & ServerOptions>>,
  measure: (urls: Readonly<Record<Name, string>>) => Promise<T>,
): Promise<T> {
  return inDirectory(async (directory) => {
    const processes: ServiceProcess[] = [];
    try {
      const urls: Partial<Record<Name, string>> = {};
      for (const [name, options] of Object.entries(servers) as [Name, object][]) {
        const script = join(import.meta.dirname, 'servers', `${name}.ts`);
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

/** Gives the work a temporary directory, and removes it when the work has ended. */
export async function inDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'bench-'));
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
