/** What a CDK app imports. */
export { BatchHandler } from './batchHandler.ts';
export type { BatchHandlerProps } from './batchHandlerProps.ts';
export type { Collector } from './collector.ts';
export { ConfigurationError } from './configurationError.ts';
export type { StateChangeFilter } from './eventPattern.ts';
export { LlmProvider } from './llmProvider.ts';
export type { AlarmSettings } from './monitoring/alarmSettings.ts';
export type { Granted } from './providers/access.ts';
export type { BedrockOptions, VertexAiOptions } from './providers/cloudOptions.ts';
export type {
  AnthropicOptions,
  AzureOpenAiOptions,
  CommonOptions,
  GeminiOptions,
  OpenAiCompatibleOptions,
  OpenAiOptions,
} from './providers/options.ts';
export type { QueuePair, Queues } from './queues.ts';
