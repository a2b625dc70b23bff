import { isObject } from '../../readJson.ts';

const WORDS = ['amber', 'birch', 'cedar', 'delta'];
const MAX_NUMBER = 100;

/** A value of the plainest JSON schemas: of any other, an empty object. */
export function sampleOf(schema: unknown, chance: () => number): unknown {
  if (!isObject(schema)) return {};
  if (Array.isArray(schema.enum)) return schema.enum[Math.floor(chance() * schema.enum.length)];
  switch (schema.type) {
    case 'string':
      return WORDS[Math.floor(chance() * WORDS.length)];
    case 'number':
    case 'integer':
      return Math.floor(chance() * MAX_NUMBER);
    case 'boolean':
      return chance() < 1 / 2;
    case 'array':
      return [sampleOf(schema.items, chance)];
    default: {
      const properties = isObject(schema.properties) ? Object.entries(schema.properties) : [];
      return Object.fromEntries(properties.map(([name, part]) => [name, sampleOf(part, chance)]));
    }
  }
}
