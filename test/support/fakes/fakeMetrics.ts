import type { Metrics } from '../../../shared/batch/ports.ts';

/** Keeps the sum of each count and the last value of each measure; those of a provider or a tenant as `name@owner`. */
export function fakeMetrics(values: Map<string, number>): Metrics {
  return {
    count: (name, value) => void values.set(name, (values.get(name) ?? 0) + value),
    measure(name, value, provider, tenant) {
      const owner = provider ?? tenant;
      values.set(owner === undefined ? name : `${name}@${owner}`, value);
    },
  };
}
