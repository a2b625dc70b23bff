import { PRICES } from './cost.ts';

/** What serves the API: the function behind its URL. */
interface Served {
  readonly reservedConcurrency: number;
  readonly memoryMiB: number;
}

const DAY_SECONDS = 24 * 60 * 60;
const GIGABYTE = 1e9;

/**
 * Requests per second that a function URL passes on for each reserved execution:
 * https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html (throttling)
 */
const REQUESTS_PER_EXECUTION = 10;
/** The lines with which Lambda logs the start, the end and the report of an invocation. */
const LOG_BYTES = 400;
/** The answer 401 with its headers. */
const ANSWER_BYTES = 1_000;

/**
 * What a day costs in which requests without an accepted key come as fast as the API takes them, each
 * with a well-formed key that nobody has and that was not tried before, in US dollars at list prices.
 * Lambda refuses what comes faster, which costs nothing.
 */
export function floodCostOfDay({ reservedConcurrency, memoryMiB }: Served) {
  const requests = REQUESTS_PER_EXECUTION * reservedConcurrency * DAY_SECONDS;
  // As if every execution were busy all the time.
  const gigabyteSeconds = reservedConcurrency * DAY_SECONDS * (memoryMiB / 1024);
  return {
    requests,
    parts: {
      'Lambda, duration': gigabyteSeconds * PRICES.lambdaGigabyteSecond,
      'Lambda, requests': requests * PRICES.lambdaInvocation,
      // One strongly consistent read of an item that does not exist.
      'DynamoDB, one read each': requests * PRICES.tableReadUnit,
      'CloudWatch logs': ((requests * LOG_BYTES) / GIGABYTE) * PRICES.logGigabyte,
      'Data out': ((requests * ANSWER_BYTES) / GIGABYTE) * PRICES.internetGigabyte,
    },
  };
}
