import { runAsProcess } from '../childProcess.ts';
import { startAnthropicSimulator } from './index.ts';
import type { AnthropicOptionsInput } from './options.ts';

await runAsProcess((options) => startAnthropicSimulator(options as AnthropicOptionsInput));
