import { describe, expect, it } from 'vitest';
import { imageRule, imageSize } from '../../../shared/tokens/imageRules.ts';
import { IMAGE_HEADS } from './corpora/images.ts';

describe('imageSize', () => {
  it.each(Object.entries(IMAGE_HEADS))('reads the size of %s from its head', (_, head) => {
    const image = Buffer.concat([head(1234, 777), Buffer.alloc(500)]);
    expect(imageSize(image.toString('base64'))).toEqual({ width: 1234, height: 777 });
  });

  it.each(Object.entries(IMAGE_HEADS))('finds no size where %s is cut off', (_, head) => {
    const image = head(1234, 777);
    for (let length = 0; length < Math.min(10, image.length); length += 1) {
      expect(imageSize(image.subarray(0, length).toString('base64'))).toBeUndefined();
    }
  });

  it.each([
    ['nothing', ''],
    ['no base64', '%%%'],
    ['another format', Buffer.from('BM is a bitmap, which is not read').toString('base64')],
    [
      'a JPEG without a frame',
      Buffer.from([0xff, 0xd8, 0xff, 0xda, 0, 2, 0, 0, 0, 0, 0]).toString('base64'),
    ],
    ['a side of four billion pixels', IMAGE_HEADS.png(2 ** 32 - 1, 10).toString('base64')],
    ['no pixels', IMAGE_HEADS.png(0, 10).toString('base64')],
  ])('knows no size of %s', (_, base64) => {
    expect(imageSize(base64)).toBeUndefined();
  });
});

describe('imageRule', () => {
  // https://developers.openai.com/api/docs/guides/images-vision#calculating-costs
  it.each([
    ['gpt-4o', 1024, 1024, 'high', 765],
    ['gpt-4o', 2048, 4096, 'high', 1105],
    ['gpt-4o', 4096, 8192, 'low', 85],
    ['gpt-4o', 512, 512, 'auto', 255],
    ['gpt-4.1', 1024, 1024, undefined, 765],
    ['gpt-4o-mini', 1024, 1024, 'high', 2833 + 4 * 5667],
    ['gpt-4o-mini-2024-07-18', 10, 10, 'low', 2833],
    ['gpt-5', 1024, 1024, 'high', 630],
    ['gpt-5-mini', 1024, 1024, 'high', Math.ceil(1024 * 1.62)],
    ['gpt-4.1-nano', 1800, 2400, 'high', Math.ceil(1452 * 2.46)],
    ['gpt-5.2', 1800, 2400, 'high', 1452],
    ['gpt-5.6', 6400, 6400, 'auto', 40_000],
    ['gpt-5.6', 6400, 6400, 'low', 256],
    ['o3', 1024, 1024, 'high', 675],
    ['my-deployment', 1024, 1024, 'high', 765],
    ['claude-sonnet-4-5', 1000, 1000, undefined, 1334],
    ['gemini-2.5-flash', 300, 300, undefined, 258],
    ['gemini-2.5-flash', 1000, 700, undefined, 516],
  ])('%s, %i × %i, detail %s: %i tokens', (model, width, height, detail, tokens) => {
    expect(imageRule(model)({ width, height }, detail)).toBe(tokens);
  });
});
