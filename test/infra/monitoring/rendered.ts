import { Template } from 'aws-cdk-lib/assertions';
import { parseContext } from '../../../infra/context.ts';
import { BatchHandlerStack } from '../../../infra/stack.ts';
import { newApp } from '../../support/handlerStack.ts';

/** A metric as a dashboard or an alarm names it. */
export interface Shown {
  readonly namespace: string;
  readonly name: string;
  /** Names of the dimensions, in their order. */
  readonly dimensions: readonly string[];
  readonly where: string;
}

export interface Widget {
  readonly type: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly properties: {
    readonly title?: string;
    readonly markdown?: string;
    readonly query?: string;
    readonly alarms?: readonly string[];
    readonly metrics?: readonly (readonly unknown[])[];
  };
}

/** With everything that has alarms, functions and metrics of its own. */
export const EVERYTHING = {
  dashboard: true,
  collector: {},
  shards: 2,
  api: {},
  providers: {
    openai: { kind: 'openai', dailyBudget: 5, webhook: true },
    claude: { kind: 'anthropic' },
  },
};

export function templateOf(context: object = {}): Template {
  return Template.fromStack(new BatchHandlerStack(newApp(), 'Test', parseContext(context)));
}

/** The body as CloudWatch gets it, with a placeholder for what only a deployment knows. */
export function widgetsOf(template: Template): readonly Widget[] {
  const [dashboard] = Object.values(template.findResources('AWS::CloudWatch::Dashboard'));
  return JSON.parse(plain(dashboard?.Properties.DashboardBody)).widgets;
}

export function alarmsOf(template: Template) {
  return Object.entries(template.findResources('AWS::CloudWatch::Alarm')).map(
    ([logicalId, { Properties: properties }]) => ({ logicalId, properties }),
  );
}

export function shownBy(template: Template): readonly Shown[] {
  const ofWidgets = widgetsOf(template).flatMap(({ properties: { title = '', metrics = [] } }) =>
    metrics
      .filter(([namespace]) => typeof namespace === 'string')
      .map((metric): Shown => {
        const texts = metric.filter((part) => typeof part === 'string');
        const [namespace = '', name = '', ...rest] = texts;
        const dimensions = rest.filter((_, index) => index % 2 === 0);
        return { namespace, name, dimensions, where: title };
      }),
  );
  const ofAlarms = alarmsOf(template).map(({ logicalId, properties }): Shown => {
    const { Namespace: namespace, MetricName: name, Dimensions: dimensions } = properties;
    const names = dimensions.map(({ Name }: { Name: string }) => Name);
    return { namespace, name, dimensions: names, where: logicalId };
  });
  return [...ofWidgets, ...ofAlarms];
}

/** A text of a template, with placeholders for what only a deployment knows: `<AWS::Region>`. */
export function plain(value: unknown): string {
  if (typeof value === 'string') return value;
  const [[name, argument] = []] = Object.entries(value as Record<string, unknown>);
  if (name !== 'Fn::Join') return `<${JSON.stringify(argument).replaceAll('"', '')}>`;
  const [separator, parts] = argument as [string, unknown[]];
  return parts.map(plain).join(separator);
}
