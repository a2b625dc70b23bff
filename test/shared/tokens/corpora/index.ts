import { chinese } from './chinese.ts';
import { code } from './code.ts';
import { english } from './english.ts';
import { hindi } from './hindi.ts';
import { someImage } from './images.ts';
import { json } from './json.ts';
import { type Chance, type Source, seededChance } from './source.ts';

type Body = Record<string, unknown>;

/** One request of a corpus. */
type Draft = (chance: Chance) => Body;

const SYSTEM = 'You are a careful assistant. Answer briefly, and only from what is given.';

const chat = (content: unknown): Body => ({
  model: 'gpt-4o',
  max_tokens: 200,
  messages: [
    { role: 'system', content: SYSTEM },
    { role: 'user', content },
  ],
});

const written =
  (source: Source): Draft =>
  (chance) =>
    chat(source(chance, 100 + chance.integer(3000)));

/** Two languages in one text, as in a request for a translation. */
const translation: Draft = (chance) => {
  const [from, to] = [chance.pick(LANGUAGES), chance.pick(LANGUAGES)];
  return chat(`${from(chance, 600)}\n---\n${to(chance, 100 + chance.integer(900))}`);
};

const image: Draft = (chance) => {
  const { url } = someImage(chance, 200 + chance.integer(3000));
  const detail = chance.pick(['low', 'high', 'auto', undefined]);
  return chat([
    { type: 'text', text: english(chance, 80) },
    { type: 'image_url', image_url: { url, ...(detail ? { detail } : {}) } },
  ]);
};

const LANGUAGES = [english, code, json, hindi, chinese];

const tooled: Draft = (chance) => ({
  ...chat(english(chance, 300)),
  tools: Array.from({ length: 1 + chance.integer(4) }, (_, index) => ({
    type: 'function',
    function: {
      name: `find_${chance.pick(['order', 'customer', 'invoice'])}_${index}`,
      description: english(chance, 40 + chance.integer(200)),
      parameters: {
        type: 'object',
        properties: { id: { type: 'string' }, page: { type: 'integer', description: 'from 1' } },
      },
    },
  })),
});

const embedding: Draft = (chance) => ({
  model: 'text-embedding-3-small',
  input: Array.from({ length: 1 + chance.integer(20) }, () =>
    chance.pick(LANGUAGES)(chance, chance.integer(400)),
  ),
});

const ALL: Readonly<Record<string, Draft>> = {
  English: written(english),
  code: written(code),
  JSON: written(json),
  Hindi: written(hindi),
  Chinese: written(chinese),
  translation,
  images: image,
  tools: tooled,
  embeddings: embedding,
};

const mixed: Draft = (chance) => chance.pick(Object.values(ALL))(chance);

/** Less and less English: the end of the file differs from its beginning. */
function shifting(chance: Chance, share: number): Body {
  return chat((chance.chance(share) ? chinese : english)(chance, 100 + chance.integer(3000)));
}

/** Bodies of requests. The same seed gives the same bodies. */
export type Corpus = (seed: number, count: number) => Body[];

const drafted =
  (draft: Draft): Corpus =>
  (seed, count) => {
    const chance = seededChance(seed);
    return Array.from({ length: count }, () => draft(chance));
  };

/** All corpora, by their names. */
export const CORPORA: Readonly<Record<string, Corpus>> = {
  ...Object.fromEntries(Object.entries(ALL).map(([name, draft]) => [name, drafted(draft)])),
  mixed: drafted(mixed),
  shifting: (seed, count) => {
    const chance = seededChance(seed);
    return Array.from({ length: count }, (_, index) => shifting(chance, index / count));
  },
};
