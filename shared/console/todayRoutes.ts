import { Hono } from 'hono';
import type { ScreenPorts } from './ports.ts';

export function todayRoutes(_ports: ScreenPorts) {
  return new Hono();
}
