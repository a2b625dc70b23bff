import { messageOf } from '../../batch/errors.ts';
import { PACKAGE_VERSION } from '../../package.ts';
import { type Check, noteResult, okResult, problemResult } from '../check.ts';
import { settingsOf } from '../settings.ts';

/** Whether this command line can read the settings of the deployed handler. */
export const versionCheck: Check = {
  name: 'version',
  permissions: [],
  async run({ connection: { handler, aws } }) {
    const { version = 'an unknown version' } = handler;
    try {
      const entries = Object.keys(settingsOf(handler).providers);
      const what = `${version} ${aws ? 'is deployed' : 'wrote the directory'}, with ${entries.join(', ')}`;
      if (version === PACKAGE_VERSION) return [okResult(what)];
      return [noteResult(`${what}; this command line is ${PACKAGE_VERSION}`)];
    } catch (error) {
      return [
        problemResult(messageOf(error), 'use the version of the command line that is deployed'),
      ];
    }
  },
};
