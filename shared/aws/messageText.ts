/**
 * SQS refuses a message with any character outside of
 * #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
const FORBIDDEN = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

/** Attributes are for people who look into a queue: what they need fits. */
const MAX_ATTRIBUTE_LENGTH = 1_000;

/** A message as JSON. JSON.stringify has escaped all that is forbidden but the noncharacters. */
export function bodyText(message: object): string {
  return JSON.stringify(message).replace(
    FORBIDDEN,
    (character) => `\\u${character.charCodeAt(0).toString(16)}`,
  );
}

/** Text as the value of an attribute, which must not be empty. */
export function attributeText(text: string): string {
  return text.slice(0, MAX_ATTRIBUTE_LENGTH).toWellFormed().replace(FORBIDDEN, '') || 'none';
}
