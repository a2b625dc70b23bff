import { Hono } from 'hono';
import type { ScreenPorts } from './ports.ts';

export function addRoutes(_ports: ScreenPorts) {
  return new Hono();
}
