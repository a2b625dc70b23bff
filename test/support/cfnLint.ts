import { execFile } from 'node:child_process';
import * as z from 'zod';
import { pythonWith } from './python.ts';

const found = pythonWith(['cfn-lint==1.58.0']);
/** Whether cfn-lint cannot be had. The reason has been printed. */
export const hasNoCfnLint = 'missing' in found;

const findingSchema = z.object({
  Filename: z.string(),
  Message: z.string(),
  Rule: z.object({ Id: z.string() }),
});

/**
 * What CDK does in every function: it depends on its role, to which it refers, too. (Its default policy
 * is why.)
 */
const BY_CDK = /^W3005 .* dependency already enforced by a 'GetAtt' at '.*\/Properties\/Role'$/;

/** The package cannot be run with `-m`, and its script has the path of another virtual environment. */
const RUN = 'import sys; from cfnlint.runner import main; sys.exit(main())';

/** Every error and warning of AWS's linter in templates, as a line, without CDK's own. */
export function lintFindings(templates: readonly string[]): Promise<readonly string[]> {
  if ('missing' in found) throw new Error(found.missing);
  const args = ['-c', RUN, '--format', 'json', '--template', ...templates];
  return new Promise((resolve, reject) => {
    execFile(found.python, args, { maxBuffer: 2 ** 26 }, (_error, stdout, stderr) => {
      // It ends with a code of its own for every mix of errors and warnings.
      if (!stdout.startsWith('[')) return reject(new Error(stderr));
      const findings = z.array(findingSchema).parse(JSON.parse(stdout));
      const lines = findings.map((each) => `${each.Rule.Id} ${each.Filename}: ${each.Message}`);
      resolve(lines.filter((line) => !BY_CDK.test(line)));
    });
  });
}
