const OPENINGS = ['Let us see.', 'First, look at what is given.', 'Step by step:', 'Note that'];
const MIDDLES = [
  'the amounts add up to the total',
  'each part is counted once',
  'half of it remains',
  'the rest follows from the first number',
];
const MAX_NUMBER = 1000;
const CHARACTERS_PER_TOKEN = 4;

/** A short text that ends in `#### ` and a number, as a solved problem does. */
export function textFrom(chance: () => number): { text: string; tokens: number } {
  const number = Math.floor(chance() * MAX_NUMBER);
  const text = `${pick(OPENINGS, chance)} ${pick(MIDDLES, chance)}, so it is ${number}.\n#### ${number}`;
  return { text, tokens: Math.ceil(text.length / CHARACTERS_PER_TOKEN) };
}

function pick(texts: readonly string[], chance: () => number): string {
  return texts[Math.floor(chance() * texts.length)] ?? '';
}
