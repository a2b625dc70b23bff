import { BILLED_ROW_ID } from '../batch/ledger.ts';
import { CLOSE, COLON, COMMA, JsonScanner, NULL, OPEN, QUOTE, UNSURE, ZERO } from './jsonScan.ts';
import { type DecidingFields, isObject, OBJECTS_WITH_STATUS, tryParseJson } from './rows.ts';

/** What a row says that decides something. The rest of it is checked to be JSON, and not kept. */
export type ScannedRow = DecidingFields & { readonly custom_id: string };

const BILLED = Buffer.from(`"${BILLED_ROW_ID}"`);
/** As the `object` of an answer has them. Any other value decides nothing. */
const OBJECTS = [...OBJECTS_WITH_STATUS].map((name) => ({ name, text: Buffer.from(`"${name}"`) }));

/** The fields that are read, of each object on the path to them. */
const ROW = fieldsOf('id', 'custom_id', 'response', 'error', 'position');
const RESPONSE = fieldsOf('status_code', 'body');
const BODY = fieldsOf('object', 'status', 'error', 'usage');

type Field = { readonly name: string; readonly key: Buffer; readonly bit: number };

function fieldsOf(...names: string[]): readonly Field[] {
  return names.map((name, index) => ({ name, key: Buffer.from(`${name}"`), bit: 1 << index }));
}

/**
 * Reads of a row what decides its outcome, without parsing it. A row that is not left to the parser is
 * JSON, and all functions of rows give the same for what is returned as for the parsed row.
 */
export class RowScanner extends JsonScanner {
  #customId: string | undefined;
  #hasResponse = false;
  #status: number | undefined;
  #body: Record<string, unknown> | undefined;
  #error: unknown;

  /** @returns undefined for a row that must be parsed: it is no JSON, or not of the usual form */
  scan(row: Uint8Array): ScannedRow | undefined {
    const start = this.open(row);
    if (this.bytes[start] !== OPEN || this.bytes[this.end - 1] !== CLOSE) return undefined;
    this.#customId = this.#status = this.#body = this.#error = undefined;
    this.#hasResponse = false;
    // What was read beyond the end belongs to another row.
    const isWhole = this.#fields(start + 1, ROW) === this.end;
    if (!isWhole || this.#customId === undefined) return undefined;
    return {
      custom_id: this.#customId,
      response: this.#hasResponse ? { status_code: this.#status, body: this.#body } : null,
      error: this.#error,
    };
  }

  /** An object on the path to what decides. */
  #fields(start: number, fields: readonly Field[]): number {
    const bytes = this.bytes;
    let seen = 0;
    let at = this.space(start);
    if (bytes[at] === CLOSE) return at + 1;
    while (bytes[at] === QUOTE) {
      const key = at + 1;
      const keyEnd = this.plainText(at);
      if (keyEnd < 0) return UNSURE;
      at = this.space(keyEnd);
      if (bytes[at] !== COLON) return UNSURE;
      at = this.space(at + 1);
      const field = this.#fieldAt(key, keyEnd - key, fields);
      if (field === undefined) at = this.value(at, 0);
      else {
        // JSON would take the last of two.
        if ((seen & field.bit) !== 0) return UNSURE;
        seen |= field.bit;
        at = this.#field(field.name, at, fields);
      }
      if (at < 0) return UNSURE;
      at = this.space(at);
      if (bytes[at] === CLOSE) return at + 1;
      if (bytes[at] !== COMMA) return UNSURE;
      at = this.space(at + 1);
    }
    return UNSURE;
  }

  #fieldAt(key: number, length: number, fields: readonly Field[]): Field | undefined {
    for (const field of fields)
      if (field.key.length === length && this.is(field.key, key)) return field;
    return undefined;
  }

  #field(name: string, at: number, fields: readonly Field[]): number {
    const bytes = this.bytes;
    if (name === 'custom_id') {
      const end = this.plainText(at);
      if (end >= 0) this.#customId = bytes.toString('latin1', at + 1, end - 1);
      return end;
    }
    if (name === 'status_code') return this.#statusCode(at);
    if (name === 'position') return UNSURE;
    if (this.is(NULL, at)) return at + NULL.length;
    if (name === 'response' && bytes[at] === OPEN) {
      this.#hasResponse = true;
      return this.#fields(at + 1, RESPONSE);
    }
    if (name === 'body' && bytes[at] === OPEN) {
      this.#body = {};
      return this.#fields(at + 1, BODY);
    }
    if (name === 'id') return this.is(BILLED, at) ? UNSURE : this.plainText(at);
    if (name === 'object') return this.#kind(at);
    if (name === 'status') {
      const end = this.plainText(at);
      if (end >= 0) this.#setInBody(name, bytes.toString('latin1', at + 1, end - 1));
      return end;
    }
    return name === 'error' || name === 'usage' ? this.#parsed(name, at, fields) : UNSURE;
  }

  #kind(at: number): number {
    const known = OBJECTS.find(({ text }) => this.is(text, at));
    if (known) this.#setInBody('object', known.name);
    return this.plainText(at);
  }

  #setInBody(name: string, value: unknown): void {
    if (this.#body) this.#body[name] = value;
  }

  /** An object that is parsed, because many of its fields decide. It is small. */
  #parsed(name: string, at: number, fields: readonly Field[]): number {
    const end = this.bytes[at] === OPEN ? this.value(at, 0) : UNSURE;
    if (end < 0 || end > this.end) return UNSURE;
    const value = tryParseJson(this.bytes.toString('utf8', at, end));
    if (!isObject(value)) return UNSURE;
    if (fields === ROW) this.#error = value;
    else this.#setInBody(name, value);
    return end;
  }

  /** A status of three digits. */
  #statusCode(at: number): number {
    const end = this.number(at);
    if (end !== at + 3) return UNSURE;
    let status = 0;
    for (let index = at; index < end; index++) {
      const digit = (this.bytes[index] as number) - ZERO;
      if (digit < 0 || digit > 9) return UNSURE;
      status = status * 10 + digit;
    }
    this.#status = status;
    return end;
  }
}
