import { Hono } from 'hono';
import type { ScreenPorts } from './ports.ts';

export function providerRoutes({ client }: ScreenPorts) {
  return new Hono().get('/providers', async (context) => context.json(await client.providers()));
}
