import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TokenEstimator } from '../../../shared/tokens/estimator.ts';
import { loadTokenizer } from '../../../shared/tokens/text.ts';

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('<|endoftext|>', '\ud83d', '', 'data:image/png;base64,', 'data:;base64,%%%'),
);

/** JSON in the formats that are read, with arbitrary values in the place of expected ones. */
const anyPart = fc.dictionary(
  fc.constantFrom(
    ...['role', 'type', 'content', 'text', 'image_url', 'url', 'source', 'data', 'input_audio'],
    ...['inlineData', 'inline_data', 'mimeType', 'image', 'file', 'file_data', 'detail', 'bytes'],
    ...['function', 'parameters', 'properties', 'items', 'enum', 'functionDeclarations', 'anyOf'],
  ),
  fc.oneof(
    anyText,
    fc.jsonValue(),
    fc.constantFrom('image_url', 'input_image', 'image', 'input_audio', 'file', 'document'),
    fc.dictionary(fc.constantFrom('url', 'data', 'type', 'mimeType', 'source'), fc.jsonValue()),
  ),
);

const anyBody = fc.dictionary(
  fc.constantFrom(
    ...['messages', 'input', 'prompt', 'contents', 'system', 'tools', 'functions', 'model'],
    ...['response_format', 'text', 'instructions'],
  ),
  fc.oneof(fc.array(anyPart), anyPart, fc.jsonValue(), anyText, fc.array(anyText)),
);

const count = await loadTokenizer();

describe('the estimate of any JSON', () => {
  it.each([0, 20_000])('is never negative and never fails, with %i exact characters', (limit) => {
    fc.assert(
      fc.property(fc.array(anyBody), (bodies) => {
        const estimator = new TokenEstimator(count, { exactCharacters: limit, fileBytes: 1000 });
        for (const body of bodies) expect(estimator.add(body, 10)).toBeGreaterThanOrEqual(0);
        expect(Number.isSafeInteger(estimator.total())).toBe(true);
        expect(estimator.total()).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
