import { runAsProcess } from '../engine/jobServer.ts';
import { type AnthropicOptionsInput, startAnthropicSimulator } from './index.ts';

await runAsProcess((options) => startAnthropicSimulator(options as AnthropicOptionsInput));
