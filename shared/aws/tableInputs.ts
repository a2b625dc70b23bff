import { TABLE } from '../config.ts';
import {
  type Condition,
  INDEXES,
  type IndexPosition,
  type IndexQuery,
  type ScanFilter,
  type WhereValues,
} from '../stores/itemTable.ts';

/** The inputs of DynamoDB's commands, with their expressions. */

export function keyOf(id: string): { [TABLE.partitionKey]: string } {
  return { [TABLE.partitionKey]: id };
}

const ABSENT = 'attribute_not_exists(#id)';
const UNCHANGED = '#version = :version AND #schemaVersion <= :schemaVersion';

/** DynamoDB refuses names and values that the expression does not use. */
export function expressionOf(condition: Condition) {
  switch (condition.is) {
    case 'absent':
      return {
        ConditionExpression: ABSENT,
        ExpressionAttributeNames: { '#id': TABLE.partitionKey },
      };
    case 'version':
      return {
        ConditionExpression: condition.orAbsent ? `${ABSENT} OR (${UNCHANGED})` : UNCHANGED,
        ExpressionAttributeNames: {
          ...{ '#version': 'version', '#schemaVersion': 'schemaVersion' },
          ...(condition.orAbsent && { '#id': TABLE.partitionKey }),
        },
        ExpressionAttributeValues: {
          ':version': condition.version,
          ':schemaVersion': condition.schemaVersion,
        },
      };
    case 'token':
      return {
        ConditionExpression: '#writeToken = :writeToken',
        ExpressionAttributeNames: { '#writeToken': 'writeToken' },
        ExpressionAttributeValues: { ':writeToken': condition.writeToken },
      };
  }
}

/** Names and values that an expression refers to. */
class Placeholders {
  readonly names: Record<string, string> = {};
  readonly values: Record<string, string> = {};

  name(placeholder: string, name: string): string {
    this.names[placeholder] = name;
    return placeholder;
  }

  value(placeholder: string, value: string): string {
    this.values[placeholder] = value;
    return placeholder;
  }

  get input() {
    return { ExpressionAttributeNames: this.names, ExpressionAttributeValues: this.values };
  }
}

export function queryInput(query: IndexQuery) {
  const { partition, from, until, isDescending, where, after, limit } = query;
  const { name, partitionKey, sortKey } = indexOf(query);
  const used = new Placeholders();
  const conditions = [
    `${used.name('#partition', partitionKey)} = ${used.value(':partition', partition)}`,
  ];
  if (sortKey !== undefined && (from !== undefined || until !== undefined)) {
    const sort = used.name('#sort', sortKey);
    const first = from === undefined ? undefined : used.value(':from', from);
    const last = until === undefined ? undefined : used.value(':until', until);
    if (first === undefined) conditions.push(`${sort} <= ${last}`);
    else if (last === undefined) conditions.push(`${sort} >= ${first}`);
    else conditions.push(`${sort} BETWEEN ${first} AND ${last}`);
  }
  const filters = whereConditions(where, used);
  return {
    IndexName: name,
    KeyConditionExpression: conditions.join(' AND '),
    ...(filters.length > 0 && { FilterExpression: filters.join(' AND ') }),
    ...used.input,
    ScanIndexForward: !isDescending,
    ExclusiveStartKey: after && startKey(query, after),
    Limit: limit,
  };
}

function whereConditions(where: WhereValues = {}, used: Placeholders): string[] {
  return Object.entries(where).map(([attribute, values], number) => {
    const name = used.name(`#where${number}`, attribute);
    const each = values.map((value, index) => used.value(`:where${number}_${index}`, value));
    return `${name} IN (${each.join(', ')})`;
  });
}

function indexOf({ index }: Pick<IndexQuery, 'index'>): {
  readonly name: string;
  readonly partitionKey: string;
  readonly sortKey?: string;
} {
  return INDEXES[index];
}

function startKey(query: IndexQuery, { id, sortKey }: IndexPosition): Record<string, unknown> {
  const keys = indexOf(query);
  return {
    ...keyOf(id),
    [keys.partitionKey]: query.partition,
    ...(keys.sortKey !== undefined && { [keys.sortKey]: sortKey }),
  };
}

export function positionOf(query: IndexQuery, last: Record<string, unknown>): IndexPosition {
  const { sortKey } = indexOf(query);
  const id = String(last[TABLE.partitionKey]);
  return sortKey === undefined ? { id } : { id, sortKey: String(last[sortKey]) };
}

export function scanInput({ idPrefix, idWithout, where, without }: ScanFilter) {
  const used = new Placeholders();
  const id = used.name('#id', TABLE.partitionKey);
  const conditions = [`begins_with(${id}, ${used.value(':prefix', idPrefix)})`];
  if (idWithout !== undefined)
    conditions.push(`NOT contains(${id}, ${used.value(':idWithout', idWithout)})`);
  conditions.push(...whereConditions(where, used));
  if (without !== undefined)
    conditions.push(`attribute_not_exists(${used.name('#without', without)})`);
  return { FilterExpression: conditions.join(' AND '), ...used.input };
}
