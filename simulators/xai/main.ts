import { runAsProcess } from '../engine/jobServer.ts';
import { startXaiSimulator, type XaiOptionsInput } from './index.ts';

await runAsProcess((options) => startXaiSimulator(options as XaiOptionsInput));
