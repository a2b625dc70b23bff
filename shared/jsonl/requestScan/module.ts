/**
 * Finds the facts of a request in the bytes of its line, without parsing it. Written in AssemblyScript, the
 * part of TypeScript that compiles to WebAssembly; `build.ts` compiles it.
 *
 * A line is accepted only if it is JSON by RFC 8259 and every fact is written in the usual way. Of anything
 * else the module says that it is unsure: what is right or wrong with that is decided by `checkRequest`.
 * Every function takes the place of a byte and returns the place after what it has read; 0 if unsure.
 */

/** Where the facts are, as 32-bit numbers, in the order of `FACTS` in requestScan.ts. */
const FACTS: usize = 256;
/** Where the line is. The strings of this module are after it. */
const LINE: usize = 512;

/** Containers inside of each other. `checkRequest` accepts more. */
const MAX_DEPTH: i32 = 64;
/** Longest number: any of this length is finite. */
const MAX_DIGITS: usize = 300;
/** Digits of a count that fits 32 bits. */
const MAX_COUNT_DIGITS: usize = 9;
const MAX_TEXT: usize = 512;

const QUOTE: u8 = 0x22;
const COMMA: u8 = 0x2c;
const MINUS: u8 = 0x2d;
const POINT: u8 = 0x2e;
const ZERO: u8 = 0x30;
const NINE: u8 = 0x39;
const COLON: u8 = 0x3a;
const OPEN_LIST: u8 = 0x5b;
const BACKSLASH: u8 = 0x5c;
const CLOSE_LIST: u8 = 0x5d;
const OPEN_OBJECT: u8 = 0x7b;
const CLOSE_OBJECT: u8 = 0x7d;

const CUSTOM_ID: i32 = 0;
const URL: i32 = 2;
const MODEL: i32 = 4;
const MAX_COMPLETION_TOKENS: i32 = 6;
const MAX_TOKENS: i32 = 7;
const MAX_OUTPUT_TOKENS: i32 = 8;
const ANSWERS: i32 = 9;
const INPUTS: i32 = 10;
const NOT_ASCII: i32 = 11;
/** No facts, but they must be there, too, and once. */
const METHOD: i32 = 12;
const BODY: i32 = 13;
const STREAM: i32 = 14;

const REQUIRED: i32 = (1 << CUSTOM_ID) | (1 << URL) | (1 << MODEL) | (1 << METHOD) | (1 << BODY);

/** The members that were seen, as bits: of two with one name, JSON takes the last. */
let seen: i32 = 0;
/** Bytes of the strings that are not ASCII. The caller checks that they are UTF-8. */
let notAscii: i32 = 0;
/** Whether the string that was read last has an escape. */
let hasEscape: bool = false;

/** @returns whether the line at `LINE` was accepted, and its facts are at `FACTS` */
export function scan(length: i32): bool {
  const end = LINE + <usize>length;
  // No text of JSON has this byte: everything stops here.
  store<u8>(end, 0);
  seen = 0;
  notAscii = 0;
  for (let fact = MAX_COMPLETION_TOKENS; fact <= ANSWERS; fact++) setFact(fact, -1);
  setFact(INPUTS, 1);
  const start = skipSpace(LINE);
  if (load<u8>(start) != OPEN_OBJECT) return false;
  const last = readObject(start + 1, MAX_DEPTH, 1);
  if (last == 0 || skipSpace(last) != end) return false;
  setFact(NOT_ASCII, notAscii);
  return (seen & REQUIRED) == REQUIRED;
}

function setFact(fact: i32, value: i32): void {
  store<i32>(FACTS + ((<usize>fact) << 2), value);
}

function skipSpace(at: usize): usize {
  while (true) {
    const byte = load<u8>(at);
    if (byte != 0x20 && byte != 0x09 && byte != 0x0d && byte != 0x0a) return at;
    at++;
  }
}

/** @param role 1: the request. 2: its body. 0: anything else */
function readObject(at: usize, depth: i32, role: i32): usize {
  if (depth == 0) return 0;
  at = skipSpace(at);
  if (load<u8>(at) == CLOSE_OBJECT) return at + 1;
  while (true) {
    if (load<u8>(at) != QUOTE) return 0;
    const name = at + 1;
    at = readString(name);
    if (at == 0) return 0;
    const length = at - 1 - name;
    // It may be the name of a fact in other letters.
    if (role != 0 && hasEscape) return 0;
    at = skipSpace(at);
    if (load<u8>(at) != COLON) return 0;
    at = skipSpace(at + 1);
    if (role == 1) at = readOfRequest(name, length, at, depth - 1);
    else if (role == 2) at = readOfBody(name, length, at, depth - 1);
    else at = readValue(at, depth - 1);
    if (at == 0) return 0;
    at = skipSpace(at);
    const next = load<u8>(at);
    if (next == CLOSE_OBJECT) return at + 1;
    if (next != COMMA) return 0;
    at = skipSpace(at + 1);
  }
}

function readOfRequest(name: usize, length: usize, at: usize, depth: i32): usize {
  if (isText(name, length, 'custom_id')) return readText(at, CUSTOM_ID);
  if (isText(name, length, 'url')) return readText(at, URL);
  if (isText(name, length, 'method')) {
    if (isAgain(METHOD) || load<u8>(at) != QUOTE) return 0;
    const end = readString(at + 1);
    return end != 0 && isText(at + 1, end - at - 2, 'POST') ? end : 0;
  }
  if (isText(name, length, 'body')) {
    if (isAgain(BODY) || load<u8>(at) != OPEN_OBJECT) return 0;
    return readObject(at + 1, depth, 2);
  }
  return readValue(at, depth);
}

function readOfBody(name: usize, length: usize, at: usize, depth: i32): usize {
  if (isText(name, length, 'model')) return readText(at, MODEL);
  if (isText(name, length, 'stream')) return isAgain(STREAM) ? 0 : readWord(at, 'false');
  if (isText(name, length, 'n')) return readCount(at, ANSWERS);
  if (isText(name, length, 'max_completion_tokens')) return readCount(at, MAX_COMPLETION_TOKENS);
  if (isText(name, length, 'max_tokens')) return readCount(at, MAX_TOKENS);
  if (isText(name, length, 'max_output_tokens')) return readCount(at, MAX_OUTPUT_TOKENS);
  if (isText(name, length, 'input')) return readInput(at, depth);
  return readValue(at, depth);
}

/** Whether a member was seen before; it has been seen then. */
function isAgain(member: i32): bool {
  const bit = 1 << member;
  if ((seen & bit) != 0) return true;
  seen |= bit;
  return false;
}

/** A text of 1 to 512 characters of ASCII: its place is a fact. */
function readText(at: usize, fact: i32): usize {
  const before = notAscii;
  if (isAgain(fact) || load<u8>(at) != QUOTE) return 0;
  const start = at + 1;
  const end = readString(start);
  if (end == 0 || hasEscape || notAscii != before) return 0;
  const length = end - 1 - start;
  if (length == 0 || length > MAX_TEXT) return 0;
  setFact(fact, <i32>(start - LINE));
  setFact(fact + 1, <i32>(end - 1 - LINE));
  return end;
}

/** A whole number that is not negative. */
function readCount(at: usize, fact: i32): usize {
  if (isAgain(fact)) return 0;
  let end = at;
  let count: i32 = 0;
  while (isDigit(load<u8>(end)) && end - at <= MAX_COUNT_DIGITS) {
    count = count * 10 + <i32>(load<u8>(end) - ZERO);
    end++;
  }
  if (end == at || end - at > MAX_COUNT_DIGITS || readNumber(at) != end) return 0;
  setFact(fact, count);
  return end;
}

/** The number of texts to embed is a fact. A list of numbers is one text, as its tokens. */
function readInput(at: usize, depth: i32): usize {
  if (isAgain(INPUTS)) return 0;
  if (load<u8>(at) != OPEN_LIST) return readValue(at, depth);
  const first = load<u8>(skipSpace(at + 1));
  const end = readList(at + 1, depth);
  const isTokens = first == MINUS || isDigit(first);
  setFact(INPUTS, isTokens ? 1 : items);
  return end;
}

/** The number of items of the list that was read last. */
let items: i32 = 0;

function readList(at: usize, depth: i32): usize {
  if (depth == 0) return 0;
  let count: i32 = 0;
  at = skipSpace(at);
  if (load<u8>(at) != CLOSE_LIST) {
    while (true) {
      at = readValue(at, depth - 1);
      if (at == 0) return 0;
      count++;
      at = skipSpace(at);
      const next = load<u8>(at);
      if (next == CLOSE_LIST) break;
      if (next != COMMA) return 0;
      at = skipSpace(at + 1);
    }
  }
  items = count;
  return at + 1;
}

function readValue(at: usize, depth: i32): usize {
  switch (load<u8>(at)) {
    case QUOTE: {
      // An image or another file: its tokens have nothing to do with its size.
      if (isWord(at + 1, 'data:')) return 0;
      return readString(at + 1);
    }
    case OPEN_OBJECT:
      return readObject(at + 1, depth, 0);
    case OPEN_LIST:
      return readList(at + 1, depth);
    case 0x74:
      return readWord(at, 'true');
    case 0x66:
      return readWord(at, 'false');
    case 0x6e:
      return readWord(at, 'null');
    default:
      return readNumber(at);
  }
}

function readWord(at: usize, word: string): usize {
  return isWord(at, word) ? at + <usize>word.length : 0;
}

/** A number without an exponent, which could make it infinite. */
function readNumber(at: usize): usize {
  const start = at;
  if (load<u8>(at) == MINUS) at++;
  if (!isDigit(load<u8>(at))) return 0;
  if (load<u8>(at) == ZERO) at++;
  else at = skipDigits(at);
  if (load<u8>(at) == POINT) {
    at++;
    if (!isDigit(load<u8>(at))) return 0;
    at = skipDigits(at);
  }
  const next = load<u8>(at) | 0x20;
  return next == 0x65 || at - start > MAX_DIGITS ? 0 : at;
}

function skipDigits(at: usize): usize {
  while (isDigit(load<u8>(at))) at++;
  return at;
}

function isDigit(byte: u8): bool {
  return byte >= ZERO && byte <= NINE;
}

/** @param at right after the opening quote */
function readString(at: usize): usize {
  hasEscape = false;
  while (true) {
    // 16 bytes at once. Those after the line are within the memory, and the line ends with a 0.
    const bytes = v128.load(at);
    const quotes = i8x16.eq(bytes, i8x16.splat(QUOTE));
    const backslashes = i8x16.eq(bytes, i8x16.splat(BACKSLASH));
    const controls = i8x16.lt_u(bytes, i8x16.splat(0x20));
    const found = i8x16.bitmask(v128.or(v128.or(quotes, backslashes), controls));
    const high = i8x16.bitmask(bytes);
    if (found == 0) {
      if (high != 0) notAscii += popcnt<i32>(high);
      at += 16;
      continue;
    }
    const place = ctz<i32>(found);
    if (high != 0) notAscii += popcnt<i32>(high & ((1 << place) - 1));
    at += <usize>place;
    const byte = load<u8>(at);
    if (byte == QUOTE) return at + 1;
    if (byte != BACKSLASH) return 0;
    hasEscape = true;
    at = readEscape(at + 1);
    if (at == 0) return 0;
  }
}

/** @param at right after the backslash */
function readEscape(at: usize): usize {
  switch (load<u8>(at)) {
    case QUOTE:
    case BACKSLASH:
    case 0x2f:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return at + 1;
    case 0x75:
      for (let digit: usize = 1; digit <= 4; digit++)
        if (!isHexadecimal(load<u8>(at + digit))) return 0;
      return at + 5;
    default:
      return 0;
  }
}

function isHexadecimal(byte: u8): bool {
  const lower = byte | 0x20;
  return isDigit(byte) || (lower >= 0x61 && lower <= 0x66);
}

function isText(at: usize, length: usize, text: string): bool {
  return length == <usize>text.length && isWord(at, text);
}

/** Whether these characters, of ASCII, are here. */
function isWord(at: usize, word: string): bool {
  // A string has two bytes for each character.
  const start = changetype<usize>(word);
  for (let index = 0; index < word.length; index++) {
    const place = <usize>index;
    if (<u16>load<u8>(at + place) != load<u16>(start + (place << 1))) return false;
  }
  return true;
}
