import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** A certificate for 127.0.0.1, signed with its own key, in PEM. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Tags of DER: https://www.itu.int/rec/T-REC-X.690 */
const TAG = {
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  objectId: 0x06,
  text: 0x0c,
  utcTime: 0x17,
  sequence: 0x30,
  set: 0x31,
  version: 0xa0,
  extensions: 0xa3,
  ipAddress: 0x87,
} as const;

/** Object identifiers, encoded: https://www.rfc-editor.org/rfc/rfc5280 and rfc5758 */
const ECDSA_WITH_SHA256 = element('sequence', element('objectId', bytes('2a8648ce3d040302')));
const COMMON_NAME = element('objectId', bytes('550403'));
const SUBJECT_ALTERNATIVE_NAME = element('objectId', bytes('551d11'));

/** Makes a certificate that is valid for a day. Node can check certificates, but makes none. */
export function selfSignedCertificate(): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const commonName = element('sequence', COMMON_NAME, element('text', Buffer.from('127.0.0.1')));
  const name = element('sequence', element('set', commonName));
  const address = element('ipAddress', Buffer.from([127, 0, 0, 1]));
  const extension = element(
    'sequence',
    SUBJECT_ALTERNATIVE_NAME,
    element('octets', element('sequence', address)),
  );
  const now = Date.now();
  const signed = element(
    'sequence',
    element('version', element('integer', Buffer.from([2]))),
    // A positive number: its first bit is 0, and its first byte is not.
    element('integer', Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ECDSA_WITH_SHA256,
    name,
    element('sequence', utcTime(now - DAY_MS), utcTime(now + DAY_MS)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    element('extensions', element('sequence', extension)),
  );
  const signature = sign('sha256', signed, privateKey);
  const bits = element('bits', Buffer.from([0]), signature);
  const certificate = element('sequence', signed, ECDSA_WITH_SHA256, bits);
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: pem(certificate),
  };
}

function element(tag: keyof typeof TAG, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const header = length < 0x80 ? [length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([TAG[tag], ...header]), content]);
}

/** YYMMDDhhmmssZ */
function utcTime(milliseconds: number): Buffer {
  const digits = new Date(milliseconds).toISOString().replaceAll(/\D/g, '').slice(2, 14);
  return element('utcTime', Buffer.from(`${digits}Z`));
}

function bytes(hex: string): Buffer {
  return Buffer.from(hex, 'hex');
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').replaceAll(/.{64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}
