import { ProviderError } from '../batch/errors.ts';
import { SECRET_PLACEHOLDER } from '../config.ts';

/** Whether somebody has put something into a secret. */
export function isFilled(secret: string | undefined): boolean {
  const text = secret?.trim() ?? '';
  return text !== '' && text !== SECRET_PLACEHOLDER;
}

/** A secret as a key. Throws ProviderError `account` for one that is not filled, or is no key. */
export function credentialOf(name: string, secret: string | undefined): string {
  // What is pasted, or comes from a file, often ends in a line end.
  const key = secret?.trim() ?? '';
  if (!isFilled(key))
    throw new ProviderError('account', {
      code: 'secret_not_filled',
      message: `the secret of provider ${name} holds no key yet: put its API key in (aws secretsmanager put-secret-value); its batches go on by themselves`,
    });
  if (!/^[\x21-\x7e]+$/.test(key))
    throw new ProviderError('account', {
      code: 'secret_malformed',
      message: `the secret of provider ${name} has spaces or other characters that no API key has: put in the key alone`,
    });
  return key;
}
