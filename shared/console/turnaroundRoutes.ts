import { Hono } from 'hono';
import type { ScreenPorts } from './ports.ts';

export function turnaroundRoutes(_ports: ScreenPorts) {
  return new Hono();
}
