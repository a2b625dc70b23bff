import { runAsProcess } from '../engine/jobServer.ts';
import { type BedrockOptionsInput, startBedrockSimulator } from './index.ts';

await runAsProcess((options) => startBedrockSimulator(options as BedrockOptionsInput));
