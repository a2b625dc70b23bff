import { type FakeReply, type FakeRequest, fakeText, hexadecimal } from '../engine/content.ts';

/** A request to one of OpenAI's endpoints. */
export interface OpenAiRequest extends FakeRequest {
  /** Unix seconds. */
  readonly created: number;
}

const MAX_IMAGES = 10;

/** An `ImagesResponse` of a GPT image model. Its images are no images. */
export function imagesReply({ body, inputTokens, created, random }: OpenAiRequest): FakeReply {
  const wanted = typeof body.n === 'number' ? body.n : 1;
  const images = Array.from({ length: Math.min(wanted, MAX_IMAGES) }, () => fakeText(random));
  const outputTokens = images.reduce((sum, { tokens }) => sum + tokens, 0);
  return {
    outputTokens,
    body: {
      created,
      background: 'opaque',
      data: images.map(({ text }) => ({ b64_json: Buffer.from(text).toString('base64') })),
      output_format: body.output_format ?? 'png',
      quality: body.quality ?? 'high',
      size: body.size ?? '1024x1024',
      usage: {
        input_tokens: inputTokens,
        input_tokens_details: { image_tokens: 0, text_tokens: inputTokens },
        output_tokens: outputTokens,
        total_tokens: inputTokens + outputTokens,
      },
    },
  };
}

/** A `video`, whose content would be downloaded by its id. */
export function videoReply({ body, created, random }: OpenAiRequest): FakeReply {
  return {
    outputTokens: 0,
    body: {
      id: `video_${hexadecimal(random, 32)}`,
      object: 'video',
      created_at: created,
      completed_at: created,
      expires_at: created + 24 * 60 * 60,
      error: null,
      model: body.model,
      progress: 100,
      prompt: body.prompt ?? null,
      remixed_from_video_id: null,
      seconds: body.seconds ?? '4',
      size: body.size ?? '720x1280',
      status: 'completed',
    },
  };
}
