/** A setting or prop that cannot work. The message says which, what it is and how to put it right. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}
