import type { MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { secureHeaders } from 'hono/secure-headers';
import { hashOf, isKeyOf } from '../http/keys.ts';
import { SERVER_HEADER } from './serverHeader.ts';

/** The parameter of the address that the person was given. */
export const TOKEN_PARAMETER = 'token';

/**
 * What a browser is told about every answer. No script and no style but those of files of this server, no
 * request to any other host, no frame, no address of this page to another site.
 */
export const pageHeaders: MiddlewareHandler = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'"],
    connectSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
    requireTrustedTypesFor: ["'script'"],
  },
  crossOriginResourcePolicy: 'same-origin',
  referrerPolicy: 'no-referrer',
  xFrameOptions: 'DENY',
  strictTransportSecurity: false,
});

/**
 * Lets only the person in who was given the address. Its token becomes a cookie that no script reads and
 * no other site causes to be sent, and leaves the address.
 *
 * @param token of this server, at least 128 bits
 */
export function requireSession(token: string): MiddlewareHandler {
  const hash = hashOf(token);
  return async (context, next) => {
    const { host } = new URL(context.req.url);
    // Browsers send cookies of one port to all ports of a host.
    const cookie = `batch-handler-${host.split(':').at(-1)}`;
    const given = context.req.query(TOKEN_PARAMETER);
    if (given !== undefined && context.req.method === 'GET' && isKeyOf(hash, given)) {
      setCookie(context, cookie, token, { httpOnly: true, sameSite: 'Strict', path: '/' });
      const { pathname } = new URL(context.req.url);
      // With two slashes, it would be the address of another host.
      return context.redirect(pathname.replace(/^\/+/, '/'), 303);
    }
    if (isKeyOf(hash, getCookie(context, cookie) ?? '')) return next();
    const text = 'Open the address that batch-handler serve, or npm start, has printed.\n';
    return context.text(text, 401);
  };
}

/**
 * Refuses what a page of another origin asks to change: another port of this machine is the same site to
 * a browser, so that the cookie comes along.
 */
export const requireOwnOrigin: MiddlewareHandler = async (context, next) => {
  const { method, url } = context.req;
  const { origin: own } = new URL(url);
  const origin = context.req.header('origin');
  const isReading = method === 'GET' || method === 'HEAD';
  if (origin === own || (isReading && origin === undefined)) return next();
  return context.json({ error: refusedOrigin }, 403);
};

const refusedOrigin = {
  code: 'foreign_origin',
  message: 'only the page of this server can change something: reload it',
};

/**
 * Refuses what the page of a server before asks to change: on the same port, another handler may be served
 * now, and the batches that somebody has chosen there are not those of this one.
 *
 * @param id of this server
 */
export function requireOwnPage(id: string): MiddlewareHandler {
  return async (context, next) => {
    const { method } = context.req;
    const of = context.req.header(SERVER_HEADER);
    if (method === 'GET' || of === undefined || of === id) return next();
    return context.json({ error: OTHER_SERVER }, 409);
  };
}

const OTHER_SERVER = {
  code: 'other_server',
  message:
    'The server was started again since this page was loaded, so that nothing was changed: reload it.',
};
