import { Hono } from 'hono';
import type { ScreenPorts } from './ports.ts';

export function rowsRoutes(_ports: ScreenPorts) {
  return new Hono();
}
