import { Hono } from 'hono';
import type { ScreenPorts } from './ports.ts';

export function tenantRoutes(_ports: ScreenPorts) {
  return new Hono();
}
