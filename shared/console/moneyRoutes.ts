import { Hono } from 'hono';
import type { ScreenPorts } from './ports.ts';

export function moneyRoutes(_ports: ScreenPorts) {
  return new Hono();
}
