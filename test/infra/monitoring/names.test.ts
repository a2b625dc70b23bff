import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { ALARMS, type AlarmSetting } from '../../../infra/monitoring/alarms.ts';
import { QUERIES } from '../../../infra/monitoring/queries.ts';
import {
  isByProvider,
  isByTenant,
  LOG_MESSAGES,
  METRIC_NAMESPACE,
  METRICS,
  unitOf,
} from '../../../shared/metrics.ts';
import { alarmsOf, EVERYTHING, plain, type Shown, shownBy, templateOf } from './rendered.ts';

const RUNBOOK = readFileSync('docs/runbook.md', 'utf8');
const NAMES = Object.values(METRICS);

const template = templateOf(EVERYTHING);
const shown = shownBy(template);
const ours = shown.filter(({ namespace }) => namespace === METRIC_NAMESPACE);
let code = '';
beforeAll(async () => {
  for await (const file of glob(['shared/**/*.ts', 'functions/**/*.ts']))
    code += readFileSync(file, 'utf8');
});

/** Sections under "Alarms", by their anchors. */
function sections(): ReadonlyMap<string, string> {
  const [, alarms = ''] = /^## Alarms\n(.*?)^## /ms.exec(RUNBOOK) ?? [];
  const parts = alarms.split(/^### /m).slice(1);
  return new Map(
    parts.map((part) => {
      const [heading = '', ...text] = part.split('\n');
      return [heading.toLowerCase().replaceAll(' ', '-'), text.join('\n')];
    }),
  );
}

describe('every metric', () => {
  it.each(Object.entries(METRICS))('%s is emitted by the code', (key) => {
    expect(code).toMatch(new RegExp(`METRICS\\.${key}\\b(?!\\])`));
  });

  it.each(NAMES)('%s is on the dashboard, or in the runbook', (name) => {
    const isShown = ours.some((metric) => metric.name === name);
    expect(isShown || RUNBOOK.includes(`\`${name}\``)).toBe(true);
  });

  it('is in docs/metrics.md, with its unit and its dimensions', () => {
    const page = readFileSync('docs/metrics.md', 'utf8');
    const rows = [...page.matchAll(/^\| `(\w+)` \| (\w+) \| ([^|]+) \|/gm)];
    const documented = rows.map(([, name, unit, dimensions]) => [name, unit, dimensions]);
    const told = NAMES.map((name) => {
      const owner = isByProvider(name) ? 'provider' : isByTenant(name) ? 'tenant' : undefined;
      const dimensions = owner === undefined ? 'service' : `service, and ${owner}`;
      return [name, unitOf(name), dimensions];
    });
    expect(documented.toSorted()).toEqual(told.toSorted());
  });
});

describe('what is shown', () => {
  it.each(ours.map((metric): [string, string, Shown] => [metric.where, metric.name, metric]))(
    '%s: %s is emitted with these dimensions',
    (_where, name, { dimensions }) => {
      expect(NAMES).toContain(name);
      const told = isByProvider(name) ? [['service'], ['provider', 'service']] : [['service']];
      expect(told).toContainEqual(dimensions.toSorted());
    },
  );

  it('otherwise comes from AWS’s metrics of functions and queues', () => {
    const theirs = shown.filter(({ namespace }) => namespace !== METRIC_NAMESPACE);
    const kinds = new Set(theirs.map(({ namespace, name }) => `${namespace} ${name}`));
    expect([...kinds].toSorted()).toEqual([
      'AWS/Lambda Duration',
      'AWS/Lambda Errors',
      'AWS/Lambda Invocations',
      'AWS/Lambda Throttles',
      'AWS/Lambda Url4xxCount',
      'AWS/Lambda Url5xxCount',
      'AWS/Lambda UrlRequestCount',
      'AWS/Lambda UrlRequestLatency',
      'AWS/SQS ApproximateNumberOfMessagesVisible',
    ]);
  });
});

describe('the runbook', () => {
  const alarms = alarmsOf(template).map(({ properties }) => {
    const text = plain(properties.AlarmDescription);
    const [, severity] = /\((\w+)\)\n/.exec(text) ?? [];
    const [, command] = /^First: npx (.+) --stack /m.exec(text) ?? [];
    const [, section = ''] = /docs\/runbook\.md#([a-z-]+)$/.exec(text) ?? [];
    return { section, severity, command };
  });

  it('has a section for each alarm, and none for anything else', () => {
    const ids = alarms.map(({ section }) => section);
    expect([...sections().keys()].toSorted()).toEqual(ids.toSorted());
  });

  it.each(alarms)('$section begins with the command of the alarm', ({ section, command }) => {
    expect(sections().get(section)).toMatch(
      new RegExp(`^\n\\*\\*First\\.\\*\\* \`${command}\`\n\n`),
    );
  });

  it.each([...sections()])('%s has its four parts, in order', (_section, text) => {
    const parts = [...text.matchAll(/^\*\*(\w+)\.\*\*/gm)].map(([, part]) => part);
    expect(parts).toEqual(['First', 'Description', 'Investigation', 'Resolution']);
  });

  it('lists each alarm, with the setting that changes it', () => {
    const row = /^\| \[\w+\]\(#([a-z-]+)\) \| (\w+) \| ([^|]+) \| `(\w+)` \|$/gm;
    const rows = [...RUNBOOK.matchAll(row)];
    const listed = rows.map(([, section, severity]) => `${section} ${severity}`);
    const told = alarms.map(({ section, severity }) => `${section} ${severity}`);
    expect(listed.toSorted()).toEqual(told.toSorted());
    const settings = new Set(rows.map(([, , , , setting]) => setting));
    expect([...settings].toSorted()).toEqual(Object.keys(ALARMS).toSorted());
    for (const [, , , from = '', setting = ''] of rows)
      expect(from).toContain(String(ALARMS[setting as AlarmSetting].defaultThreshold));
  });

  it('names each saved query, and no other', () => {
    const named = [...RUNBOOK.matchAll(/^\| ([A-Z][a-z ]+) \|/gm)].map(([, name]) => name);
    expect(named).toEqual(Object.keys(QUERIES));
  });
});

describe('a saved query', () => {
  it('filters by messages that the code logs', () => {
    const texts: readonly string[] = Object.values(LOG_MESSAGES);
    const asked = Object.values(QUERIES).flatMap(({ filterStatements = [] }) =>
      [...filterStatements.join(' ').matchAll(/"([a-z][^"]+)"/g)].map(([, text = '']) => text),
    );
    expect(asked.toSorted()).toEqual(texts.toSorted());
    for (const name of Object.keys(LOG_MESSAGES)) expect(code).toContain(`LOG_MESSAGES.${name}`);
  });
});
