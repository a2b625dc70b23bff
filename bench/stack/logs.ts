import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the local run writes for a function: its output, and a line before and after each turn. */
export function logOf(dataDirectory: string, functionName: string): string {
  const path = join(dataDirectory, 'logs', `${functionName}.log`);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** Invocations so far. */
export function startsIn(log: string): number {
  return log.match(/^START RequestId: /gm)?.length ?? 0;
}

/** How long each took, in milliseconds. */
export function durationsIn(log: string): readonly number[] {
  return [...log.matchAll(/^REPORT RequestId: \S+ Duration: (\d+) ms/gm)].map(([, text]) =>
    Number(text),
  );
}

/** The metrics that its output makes in CloudWatch: each name with each set of dimensions is one. */
export function metricsIn(log: string): ReadonlySet<string> {
  const metrics = new Set<string>();
  for (const line of log.split('\n')) {
    if (!line.includes('"CloudWatchMetrics"')) continue;
    const { _aws: embedded, ...values } = JSON.parse(line);
    for (const { Dimensions: sets, Metrics: names } of embedded.CloudWatchMetrics)
      for (const dimensions of sets)
        for (const { Name: name } of names)
          metrics.add(
            JSON.stringify([name, ...dimensions.map((key: string) => [key, values[key]])]),
          );
  }
  return metrics;
}
