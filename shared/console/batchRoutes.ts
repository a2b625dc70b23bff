import { Hono } from 'hono';
import type { ScreenPorts } from './ports.ts';

export function batchRoutes(_ports: ScreenPorts) {
  return new Hono();
}
