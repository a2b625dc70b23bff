import { cpSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { SETTINGS_FILE } from '../shared/config.ts';
import { BUNDLES, type BundleName } from './bundlePaths.ts';
import { ConfigurationError } from './configurationError.ts';

/**
 * A bundle as the code of a Lambda, with the settings beside it.
 *
 * @param settings the text of settings.json; none for functions that have none
 * @throws ConfigurationError if there is no such bundle
 */
export function bundleCode(name: BundleName, settings?: string): lambda.Code {
  const source = join(BUNDLES, name);
  if (!existsSync(source)) {
    throw new ConfigurationError(`there are no functions in ${source}: run "npm run build"`);
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
