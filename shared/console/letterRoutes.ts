import { Hono } from 'hono';
import type { ScreenPorts } from './ports.ts';

export function letterRoutes(_ports: ScreenPorts) {
  return new Hono();
}
