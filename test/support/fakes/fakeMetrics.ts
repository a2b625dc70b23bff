import type { Metrics } from '../../../shared/batch/ports.ts';

/** Keeps the sum of each count and the last value of each measure; those of a provider as `name@provider`. */
export function fakeMetrics(values: Map<string, number>): Metrics {
  return {
    count: (name, value) => void values.set(name, (values.get(name) ?? 0) + value),
    measure: (name, value, provider) =>
      void values.set(provider === undefined ? name : `${name}@${provider}`, value),
  };
}
