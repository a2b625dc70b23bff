import { ProviderError } from '../batch/errors.ts';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * Throws ProviderError `account` for a URL over which a key would travel in the clear: http is for
 * simulators on the same machine.
 */
export function checkBaseUrl(name: string, baseUrl: string): void {
  const url = URL.parse(baseUrl);
  if (url?.protocol === 'https:') return;
  if (url?.protocol === 'http:' && LOOPBACK.test(url.hostname)) return;
  throw new ProviderError('account', {
    code: 'base_url_refused',
    message: `baseUrl of provider ${name} is ${baseUrl}: it must be an https URL, or http on localhost`,
  });
}
