/**
 * AWS's list prices in US dollars, for us-east-1, without what is free or discounted, as of
 * November 2026. Each is a page of https://aws.amazon.com: the prices change, this file does not.
 */
export const PRICES = {
  /** https://aws.amazon.com/lambda/pricing/: arm64, the first tier. */
  lambdaGigabyteSecond: 0.0000133334,
  lambdaInvocation: 0.2 / 1e6,
  /** Beyond the 512 MiB that come with a function. */
  lambdaStorageGigabyteSecond: 0.0000000309,
  /** https://aws.amazon.com/sqs/pricing/: standard queues, each 64 KB of a request. */
  queueRequest: 0.4 / 1e6,
  /** https://aws.amazon.com/dynamodb/pricing/on-demand/: standard table class. */
  tableWriteUnit: 0.625 / 1e6,
  tableReadUnit: 0.125 / 1e6,
  /** https://aws.amazon.com/s3/pricing/: S3 Standard. */
  objectPut: 0.005 / 1e3,
  objectGet: 0.0004 / 1e3,
  objectGigabyteMonth: 0.023,
  /** https://aws.amazon.com/eventbridge/pricing/: custom events, and Scheduler. */
  busEvent: 1 / 1e6,
  schedulerInvocation: 1 / 1e6,
  /** https://aws.amazon.com/cloudwatch/pricing/: standard logs, custom metrics, alarms, dashboards. */
  logGigabyte: 0.5,
  metricMonth: 0.3,
  alarmMonth: 0.1,
  dashboardMonth: 3,
  /** https://aws.amazon.com/xray/pricing/ */
  trace: 5 / 1e6,
  /** https://aws.amazon.com/secrets-manager/pricing/ */
  secretMonth: 0.4,
  secretRead: 0.05 / 1e4,
} as const;
