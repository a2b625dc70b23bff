import { startOpenAiSimulator } from '../openai/index.ts';
import type { OpenAiOptionsInput } from '../openai/options.ts';
import type { Simulator } from '../simulator.ts';
import { AZURE } from './manner.ts';

/**
 * Starts a simulator of the Files and Batch APIs of an Azure OpenAI resource on the loopback: the
 * one of OpenAI, in Azure's manner. Its `url` is the resource's.
 *
 * @param options see `OpenAiOptionsInput`; only `dataDir` has no default
 * @param now milliseconds since 1970: what all simulated progress depends on
 * @throws Error for wrong options, PlanError for a wrong word, EADDRINUSE for a taken port
 */
export function startAzureSimulator(
  options: OpenAiOptionsInput,
  now: () => number = Date.now,
): Promise<Simulator> {
  return startOpenAiSimulator(options, now, AZURE);
}
