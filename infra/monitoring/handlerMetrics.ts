import { Names } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { METRIC_NAMESPACE, METRICS, type MetricName } from '../../shared/metrics.ts';

/** Far below the 1,024 characters that CloudWatch allows: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html */
const MAX_SERVICE_LENGTH = 64;

/** The metrics that a handler's functions emit. */
export abstract class HandlerMetrics extends Construct {
  /** The handler's name, unique in the account: a dimension of its metrics and a field of its logs. */
  readonly service: string;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.service = Names.uniqueResourceName(this, { maxLength: MAX_SERVICE_LENGTH });
  }

  /**
   * A metric of docs/metrics.md, by default its sum over 5 minutes. Metrics that are also emitted by
   * provider accept `dimensionsMap: { provider: 'openai' }`.
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

  /**
   * Batches that were added.
   *
   * @default sum over 5 minutes
   */
  metricAccepted(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.accepted, options);
  }

  /**
   * Batches whose results the processor has accepted.
   *
   * @default sum over 5 minutes
   */
  metricCompleted(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.completed, options);
  }

  /**
   * Batches that ended without a success, or whose results the processor never accepted. Without those
   * whose input was refused: `metric(METRICS.inputsRefused)`.
   *
   * @default sum over 5 minutes
   */
  metricFailed(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.failed, options);
  }

  /**
   * Messages that were refused and moved to the dead-letter queue.
   *
   * @default sum over 5 minutes
   */
  metricRefused(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.refused, options);
  }

  /**
   * Providers that are blocked because they refuse the account. Its key or billing needs to be fixed.
   * It has no value while there are none.
   *
   * @default maximum over 5 minutes
   */
  metricProviderBlocked(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.providerBlocked, {
      statistic: cloudwatch.Stats.MAXIMUM,
      ...options,
    });
  }
}
