import { describe, expect, it } from 'vitest';
import { newHandler, newStack, templateWith } from '../../support/handlerStack.ts';
import { EVERYTHING, templateOf, type Widget, widgetsOf } from './rendered.ts';

const FUNCTIONS = ['Api', 'Collector', 'Intake', 'Outcome', 'Sweeper', 'Webhook', 'Worker'];
const widgets = widgetsOf(templateOf(EVERYTHING));

function overlap(a: Widget, b: Widget): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

describe('the dashboard', () => {
  it('begins with links and the present state, then trend, the API, cost and errors', () => {
    const rows = widgets.filter(({ width }) => width >= 12);
    expect(rows.map(({ properties }) => properties.title ?? properties.markdown)).toEqual([
      expect.stringMatching(
        /^# Test\/Batches\n\[Runbook\]\(https:\/\/unpkg\.com\/batch-handler@[\d.]+\/docs\/runbook\.md\)/,
      ),
      ...['Now', 'Alarms', '## Trend', '## API', '## Cost', '## Errors', 'Last failed batches'],
    ]);
  });

  it('has widgets that fit its width and do not overlap', () => {
    for (const [index, widget] of widgets.entries()) {
      expect(widget.x + widget.width).toBeLessThanOrEqual(24);
      for (const other of widgets.slice(index + 1)) expect(overlap(widget, other)).toBe(false);
    }
  });

  it('has the state of every alarm', () => {
    const alarms = widgets.find(({ type }) => type === 'alarm')?.properties.alarms;
    expect(alarms).toHaveLength(newHandler(newStack()).alarms.length + 5);
  });

  it('shows the logs of all functions about batches that failed', () => {
    const log = widgets.find(({ type }) => type === 'log');
    expect(log?.properties.query).toContain('message in ["batch state change"]');
    for (const name of FUNCTIONS) expect(log?.properties.query).toContain(`<Batches${name}Logs`);
  });

  it('shows how long batches take, as percentiles', () => {
    const title = 'Hours from the creation of a batch to its completion';
    const graph = widgets.find(({ properties }) => properties.title === title);
    const metrics = JSON.stringify(graph?.properties.metrics);
    for (const percentile of ['p50', 'p90']) expect(metrics).toContain(`"stat":"${percentile}"`);
  });

  it('links to the runbook if that is a URL', () => {
    const [head] = widgetsOf(
      templateWith({ dashboard: true, runbook: 'https://wiki.example/runbook' }),
    );
    expect(head?.properties.markdown).toContain('[Runbook](https://wiki.example/runbook)');
  });

  it('is only there with its prop, the alarms without it', () => {
    const template = templateWith();
    template.resourceCountIs('AWS::CloudWatch::Dashboard', 0);
    expect(newHandler(newStack()).dashboard).toBeUndefined();
    expect(newHandler(newStack(), { dashboard: true }).dashboard).toBeDefined();
    template.resourceCountIs('AWS::CloudWatch::Alarm', newHandler(newStack()).alarms.length);
  });
});

it('the saved queries are over the logs of every function', () => {
  const template = templateOf(EVERYTHING);
  const queries = Object.values(template.findResources('AWS::Logs::QueryDefinition'));
  expect(queries.length).toBeGreaterThan(4);
  for (const { Properties } of queries) {
    const groups = Properties.LogGroupNames.map(({ Ref }: { Ref: string }) => Ref.slice(7, -12));
    expect(groups.toSorted()).toEqual(FUNCTIONS);
  }
});

it('every function is traced with the prop, and may write no traces without it', () => {
  const traced = templateOf({ ...EVERYTHING, tracing: true });
  const functions = Object.values(traced.findResources('AWS::Lambda::Function'));
  expect(functions).toHaveLength(8);
  for (const { Properties } of functions)
    expect(Properties.TracingConfig).toEqual({ Mode: 'Active' });
  expect(JSON.stringify(traced.findResources('AWS::IAM::Policy'))).toContain('xray:');

  const untraced = templateOf(EVERYTHING);
  for (const { Properties } of Object.values(untraced.findResources('AWS::Lambda::Function')))
    expect(Properties.TracingConfig).toBeUndefined();
  expect(JSON.stringify(untraced.findResources('AWS::IAM::Policy'))).not.toContain('xray:');
});
