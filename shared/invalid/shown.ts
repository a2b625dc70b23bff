import type * as z from 'zod';
import { withoutKeys } from './withoutKeys.ts';
import { nounOf } from './words.ts';

export type Path = readonly PropertyKey[];

/** What a text about an input may use besides zod's issues. */
export interface Parsed {
  /** The input. Without it, texts name no value but its type. */
  readonly input?: unknown;
  /** Its schema. Without it, the text about an unknown key cannot say which are known. */
  readonly schema?: z.core.$ZodType;
  /** The name of the input, with which each place begins. */
  readonly root?: string;
  /** Whether its values may be a prompt, and are named by their type only. */
  readonly isHidden?: boolean;
}

const MAX_VALUE = 100;

export function placeOf(path: Path, { root = '' }: Parsed): string {
  const place = path.reduce<string>((before, part) => {
    if (typeof part === 'number') return `${before}[${part}]`;
    const name = withoutKeys(clipped(String(part)));
    if (!/^[\w$*-]+$/.test(name)) return `${before}[${JSON.stringify(name)}]`;
    return before === '' ? name : `${before}.${name}`;
  }, root);
  return place;
}

/** Names whose values are not shown, wherever they are: prompts and secrets. */
const HIDDEN = /^(body|requests)$|secret|password|credential|api_?key|private_?key|authorization/i;

/** The value at a path, as JSON on one short line; undefined if it is not to be shown. */
export function shownAt(path: Path, parsed: Parsed): string | undefined {
  if (!('input' in parsed) || parsed.isHidden) return undefined;
  const value = valueAt(parsed.input, path);
  const isArn = typeof value === 'string' && value.startsWith('arn:');
  if (!isArn && path.some((part) => HIDDEN.test(String(part)))) return undefined;
  const json = jsonOf(value);
  if (typeof value === 'string') {
    const text = withoutKeys(json.slice(1, -1));
    return text.length > MAX_VALUE ? `"${clipped(text)}"` : `"${text}"`;
  }
  return json.length > MAX_VALUE ? undefined : withoutKeys(json);
}

function jsonOf(value: unknown): string {
  if (typeof value === 'number') return String(value);
  try {
    const hide = (name: string, inner: unknown): unknown => (HIDDEN.test(name) ? '…' : inner);
    return JSON.stringify(value, hide) ?? nounOf(typeOf(value));
  } catch {
    // It nests without end, or holds a bigint.
    return nounOf(typeOf(value));
  }
}

function clipped(text: string): string {
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}…` : text;
}

/** The type of the value at a path, by the input or else by zod's words. */
export function typeAt(
  { message }: z.core.$ZodIssue,
  path: Path,
  parsed: Parsed,
): string | undefined {
  if ('input' in parsed) return typeOf(valueAt(parsed.input, path));
  return /, received (\w+)$/.exec(message)?.[1];
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

export function valueAt(input: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, part) => {
    if (value instanceof Map) return value.get(part);
    return typeof value === 'object' && value !== null ? Reflect.get(value, part) : undefined;
  }, input);
}
