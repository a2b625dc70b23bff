const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** Objects in a list in the body's object: one level for the object, one for the list. */
const ELEMENT_DEPTH = 2;
const MAX_FRAME_BYTES = 1024 * 1024;
/** Stands for each element in the frame. */
const PLACEHOLDER = '0';

/**
 * Splits a JSON text such as `{"requests":[{…},{…}]}` of any size into the texts of its list's
 * objects, holding one of them. Everything around them is the frame.
 */
export class ElementSplitter {
  #frame = '';
  #depth = 0;
  #inString = false;
  #escaped = false;
  #open: Buffer[] | undefined;

  /** The objects that end in this piece of the text. */
  *split(chunk: Buffer): Generator<Buffer> {
    let start = 0;
    for (let index = 0; index < chunk.length; index++) {
      const change = this.#depthChange(chunk[index] ?? 0);
      if (change > 0 && this.#depth === ELEMENT_DEPTH && chunk[index] === OPEN_BRACE) {
        this.#addToFrame(chunk.subarray(start, index).toString() + PLACEHOLDER);
        this.#open = [];
        start = index;
      }
      this.#depth += change;
      if (change < 0 && this.#depth === ELEMENT_DEPTH && this.#open) {
        const element = Buffer.concat([...this.#open, chunk.subarray(start, index + 1)]);
        this.#open = undefined;
        start = index + 1;
        yield element;
      }
    }
    const rest = chunk.subarray(start);
    if (this.#open) this.#open.push(Buffer.from(rest));
    else this.#addToFrame(rest.toString());
  }

  /** @returns the body with each object in its list as 0; undefined if it is no JSON */
  end(): unknown {
    try {
      return JSON.parse(this.#frame);
    } catch {
      return undefined;
    }
  }

  #depthChange(byte: number): number {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (byte === BACKSLASH) this.#escaped = true;
      else if (byte === QUOTE) this.#inString = false;
      return 0;
    }
    if (byte === QUOTE) this.#inString = true;
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) return 1;
    return byte === CLOSE_BRACE || byte === CLOSE_BRACKET ? -1 : 0;
  }

  // What is over it is cut, which makes it invalid JSON.
  #addToFrame(text: string): void {
    this.#frame += text.slice(0, MAX_FRAME_BYTES - this.#frame.length);
  }
}
