import { Hono } from 'hono';
import { omitUndefined } from '../omitUndefined.ts';
import type { ConsolePorts } from './ports.ts';

/** What the page shows on every screen. */
export interface HandlerInfo {
  readonly name: string;
  /** Of the server, as long as it runs. No secret. */
  readonly server: string;
  /** Of the deployed package. */
  readonly version?: string;
  readonly providers: readonly string[];
  readonly isReadOnly: boolean;
}

export function handlerRoutes({ client: { handler }, isReadOnly }: ConsolePorts, server: string) {
  return new Hono().get('/handler', (context) => {
    const { name, version, providers } = handler;
    return context.json<HandlerInfo>(
      omitUndefined({ name, server, version, providers, isReadOnly }),
    );
  });
}
