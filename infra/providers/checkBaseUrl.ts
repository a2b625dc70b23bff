import { Token } from 'aws-cdk-lib';
import { ConfigurationError } from '../configurationError.ts';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** @throws ConfigurationError for a URL over which a key would travel in the clear */
export function checkBaseUrl(baseUrl: string): void {
  // What is known only at deployment is refused with the other settings, where its entry has a name.
  if (Token.isUnresolved(baseUrl)) return;
  const url = URL.parse(baseUrl);
  const isLoopback = LOOPBACK.test(url?.hostname ?? '');
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback)) return;
  throw new ConfigurationError(
    `baseUrl is ${baseUrl}: it must be an https URL, since the key travels with every request, or http on localhost`,
  );
}
