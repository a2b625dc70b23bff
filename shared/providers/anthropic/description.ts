import * as z from 'zod';
import { CHAT_COMPLETIONS, type Description, describeKind, RESPONSES } from '../provider.ts';
import { baseUrlSchema, commonSettings, refuseOptions } from '../settings.ts';

const settings = z.strictObject({
  kind: z.literal('anthropic'),
  ...commonSettings,
  /** Default: Anthropic's public endpoint, or that of `aws`. */
  baseUrl: baseUrlSchema.optional(),
  /** Claude Platform on AWS: calls are signed with the functions' roles, and there is no secret. */
  aws: z
    .strictObject({
      /** The workspace that jobs run in, such as wrkspc_01…. */
      workspaceId: z.string().regex(/^wrkspc_\w+$/, 'must be the id of a workspace, wrkspc_…'),
      /** Of the workspace. Default: the functions' region. */
      region: z.string().min(1).optional(),
    })
    .optional(),
});
export type AnthropicSettings = z.infer<typeof settings>;

export const anthropic = describeKind({
  name: 'Anthropic',
  settings,
  minimalSettings: { kind: 'anthropic' },
  limits: {
    maxInFlight: 100,
    maxEnqueuedTokens: 1_000_000_000,
    // https://docs.claude.com/en/docs/build-with-claude/batch-processing: 100,000 requests or
    // 256 MB a batch, as Anthropic's own requests, which are somewhat smaller or larger.
    maxRequests: 100_000,
    maxBytes: 240 * 1000 * 1000,
  },
  // https://platform.claude.com/docs/en/build-with-claude/batch-processing: a batch expires after 24
  // hours. Its counts stay 0 until it has ended, so there is no progress to see.
  timing: { completionHours: 24 },
  // https://platform.claude.com/docs/en/build-with-claude/batch-processing: 50 % of the standard prices.
  batchDiscount: 0.5,
  priceList: 'anthropic',
  describe: describeAnthropic,
});

export async function describeAnthropic(settings: AnthropicSettings): Promise<Description> {
  const { MESSAGES_ENDPOINT, paramsOf } = await import('./requests.ts');
  return {
    endpoints: [CHAT_COMPLETIONS, RESPONSES, MESSAGES_ENDPOINT],
    // https://platform.claude.com/docs/en/api/messages/batches/create: a batch has no settings.
    checkOptions: (options) => refuseOptions('Anthropic', options),
    checkRequest(request, format) {
      paramsOf(request, format, settings);
    },
  };
}
