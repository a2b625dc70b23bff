import { runAsProcess } from '../childProcess.ts';
import { startBedrockSimulator } from './index.ts';
import type { BedrockOptionsInput } from './options.ts';

await runAsProcess((options) => startBedrockSimulator(options as BedrockOptionsInput));
