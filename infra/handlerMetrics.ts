import { Names } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { METRIC_NAMESPACE, METRICS, type MetricName } from '../shared/metrics.ts';

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html allows 1,024. */
const MAX_SERVICE_LENGTH = 64;

/** What a handler's functions tell: a count by default as its sum over 5 minutes. */
export abstract class HandlerMetrics extends Construct {
  /** The handler's name among those of the account: a dimension of its metrics and logs. */
  readonly service: string;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.service = Names.uniqueResourceName(this, { maxLength: MAX_SERVICE_LENGTH });
  }

  /**
   * Any of docs/metrics.md, by default as its sum over 5 minutes. Those that are told by provider
   * too take `dimensionsMap: { provider: 'openai' }`.
   */
  metric(metricName: MetricName, options: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return new cloudwatch.Metric({
      namespace: METRIC_NAMESPACE,
      metricName,
      statistic: cloudwatch.Stats.SUM,
      ...options,
      dimensionsMap: { service: this.service, ...options.dimensionsMap },
    });
  }

  /** Batches taken in. */
  metricAccepted(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.accepted, options);
  }

  /** Batches whose results the processor has taken. */
  metricCompleted(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.completed, options);
  }

  /** Batches that ended without a success, or whose results the processor never took. */
  metricFailed(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.failed, options);
  }

  /** Messages put aside in the dead-letter queue. */
  metricRefused(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.refused, options);
  }

  /** The most providers that stood still at once: somebody must see to the key or the bill. */
  metricProviderBlocked(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.providerBlocked, {
      statistic: cloudwatch.Stats.MAXIMUM,
      ...options,
    });
  }
}
