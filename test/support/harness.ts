/**
 * What a test of a whole scenario needs: the use cases on ports in memory, and the real providers
 * to put in front of a simulator or a stub. These names stay, whatever the code calls the parts.
 */
export { DEFAULT_POLICY } from '../../shared/batch/policy.ts';
export { diskScratch } from '../../shared/jsonl/scratch.ts';
export { providerSettingsSchema } from '../../shared/providers/kinds.ts';
export { connectProviders as providers } from '../../shared/providers/registry.ts';
export { upload, world } from './world.ts';
