import { generateKeyPairSync } from 'node:crypto';

const BITS = 2048;

/** A service account's key that the simulator takes and Google does not: it is made anew each time. */
export function localServiceAccountKey(email = 'local@local-project.iam.gserviceaccount.com') {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: BITS });
  return JSON.stringify({
    type: 'service_account',
    project_id: 'local-project',
    client_email: email,
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  });
}
