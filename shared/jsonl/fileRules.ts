import { randomInt } from 'node:crypto';
import type { Request } from './checkRequest.ts';

/** What is wrong with a request in the company of the others. */
export interface Conflict {
  readonly code: string;
  readonly message: string;
}

/**
 * What the requests of one file must have in common, and what they must not. The first one sets
 * the model, and the first with an endpoint of the provider the endpoint, if the message named none.
 */
export class FileRules {
  readonly #endpoints: readonly string[];
  readonly #ids = new IdIndex();
  #endpoint: string | undefined;
  #model: string | undefined;

  constructor(endpoint: string | undefined, endpoints: readonly string[]) {
    this.#endpoint = endpoint;
    this.#endpoints = endpoints;
  }

  get endpoint(): string {
    return this.#endpoint ?? '';
  }

  get model(): string | undefined {
    return this.#model;
  }

  /** Takes a request in; the conflicts, if it has any. */
  add(request: Request, line: number): readonly Conflict[] {
    const conflicts: Conflict[] = [];
    const { customId, url, model } = request;
    const first = this.#ids.add(customId, line);
    if (first !== undefined) {
      const message = `custom_id ${quote(customId)} is that of line ${first} too: make it unique`;
      conflicts.push({ code: 'duplicate_custom_id', message });
    }
    this.#model ??= model;
    if (this.#endpoint !== undefined && url !== this.#endpoint) {
      const message = `url ${quote(url)} is not the batch's endpoint ${quote(this.#endpoint)}`;
      conflicts.push({ code: 'url_mismatch', message });
    } else if (!this.#endpoints.includes(url)) {
      const message = `url ${quote(url)} is not one of ${this.#endpoints.join(', ')}`;
      conflicts.push({ code: 'unsupported_url', message });
    } else this.#endpoint = url;
    if (model !== this.#model) {
      const message = `model ${quote(model)} is not ${quote(this.#model)}: a batch has one model`;
      conflicts.push({ code: 'model_mismatch', message });
    }
    return conflicts;
  }
}

/** Ids, models and urls may be named; never what a request says. */
function quote(value: string): string {
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
}

const FIRST_SLOTS = 1 << 8;
/** Of the slots that may be taken before there are twice as many. */
const MAX_FILL = 0.6;
/** Of a slot: two words of the hash and the line. */
const WORDS = 3;

/**
 * The line of each id of a file, at 12 bytes a slot instead of a string each: a million ids take
 * 25 MB. Ids are told apart by 64 bits of a seeded hash, by which two of a million are taken for
 * one with a probability of 3 in 100 million.
 */
export class IdIndex {
  readonly #seed = randomInt(2 ** 32);
  #slots = new Uint32Array(FIRST_SLOTS * WORDS);
  #size = 0;

  /** The line that has had the id before, or nothing: then it has this one from now on. */
  add(id: string, line: number): number | undefined {
    if (this.#size >= (this.#slots.length / WORDS) * MAX_FILL) this.#grow();
    const { high, low } = this.#hash(id);
    const known = put(this.#slots, high, low, line);
    if (known === 0) this.#size += 1;
    return known === 0 ? undefined : known;
  }

  #grow(): void {
    const old = this.#slots;
    const slots = new Uint32Array(old.length * 2);
    for (let from = 0; from < old.length; from += WORDS) {
      const line = old[from + 2] as number;
      if (line !== 0) put(slots, old[from] as number, old[from + 1] as number, line);
    }
    this.#slots = slots;
  }

  /** Two lanes of multiply and xor with the finalizer of MurmurHash3. */
  #hash(id: string): { high: number; low: number } {
    let high = this.#seed ^ id.length;
    let low = ~this.#seed;
    for (let index = 0; index < id.length; index++) {
      const code = id.charCodeAt(index);
      high = Math.imul(high ^ code, 0x9e3779b1);
      low = Math.imul(low ^ code, 0x5f356495);
    }
    const mixed = finalized(high ^ (low >>> 13));
    return { high: mixed, low: finalized(low ^ (high >>> 16) ^ mixed) };
  }
}

/** The line that has the id, or 0: then this one is put there. A line of 0 marks an empty slot. */
function put(slots: Uint32Array, high: number, low: number, line: number): number {
  const count = slots.length / WORDS;
  let slot = (low & (count - 1)) * WORDS;
  while (slots[slot + 2] !== 0) {
    if (slots[slot] === high && slots[slot + 1] === low) return slots[slot + 2] as number;
    slot = (slot + WORDS) % slots.length;
  }
  slots[slot] = high;
  slots[slot + 1] = low;
  slots[slot + 2] = line;
  return 0;
}

function finalized(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
