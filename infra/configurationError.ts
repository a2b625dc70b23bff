/** Thrown for a prop or setting that is invalid. The message names it, its value and the fix. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}
