import { cpSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { SETTINGS_FILE } from '../shared/config.ts';
import { BUNDLES } from './bundlePaths.ts';
import { ConfigurationError } from './configurationError.ts';

/**
 * The bundle of one function as the code of a Lambda, with the settings beside it.
 *
 * @param settings the text of settings.json; none for a function that has none
 * @throws ConfigurationError if the function has not been bundled
 */
export function bundleCode(name: string, settings?: string): lambda.Code {
  const source = join(BUNDLES, name);
  if (!existsSync(join(source, 'index.mjs'))) {
    throw new ConfigurationError(`there is no bundle in ${source}: run "npm run build"`);
  }
  return lambda.Code.fromAsset(source, {
    assetHashType: AssetHashType.OUTPUT,
    // Without it, two handlers with different settings would share the asset of the first.
    ...(settings === undefined ? {} : { extraHash: settings }),
    bundling: {
      // Never used: what `local` does cannot fail for want of a tool.
      image: DockerImage.fromRegistry('none'),
      local: {
        tryBundle(output) {
          cpSync(source, output, { recursive: true });
          if (settings !== undefined) writeFileSync(join(output, SETTINGS_FILE), settings);
          return true;
        },
      },
    },
  });
}
