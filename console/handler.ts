import { createContext, useContext } from 'react';
import type { HandlerInfo } from '../shared/console/handlerRoutes.ts';

/** The handler that the page is of. */
export const HandlerContext = createContext<HandlerInfo | undefined>(undefined);

export function useHandler(): HandlerInfo {
  const handler = useContext(HandlerContext);
  if (!handler) throw new Error('the screen is outside of HandlerContext');
  return handler;
}
