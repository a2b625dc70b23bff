import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf } from '../batch/errors.ts';
import { ClientError } from './clientError.ts';
import type { ClientPorts } from './replacedPorts.ts';

/**
 * Imports the ports that a module exports: `ports`, the object that it gives to `createHandlers`, and
 * `clientQueues`, if its queues are replaced.
 *
 * @param file path of the module
 * @returns the option `ports` of `createClient`
 * @throws ClientError `invalid_input` if it cannot be imported or exports no `ports`
 */
export async function readPorts(file: string): Promise<ClientPorts> {
  let found: { readonly ports?: unknown; readonly clientQueues?: unknown };
  try {
    found = await import(pathToFileURL(resolve(file)).href);
  } catch (cause) {
    throw new ClientError('invalid_input', `${file} cannot be imported: ${messageOf(cause)}`, {
      cause,
    });
  }
  const { ports, clientQueues } = found;
  if (typeof ports !== 'object' || ports === null)
    throw new ClientError(
      'invalid_input',
      `${file} does not export ports: export const ports = { … }, and give them to createHandlers`,
    );
  return { ...ports, ...(clientQueues !== undefined && { clientQueues }) } as ClientPorts;
}
