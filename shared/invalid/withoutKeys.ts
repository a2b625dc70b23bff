/**
 * A text for logs and errors: keys of providers and of AWS are cut, and so is the user of a URL. Providers
 * mask the keys and tokens that they refuse, but a gateway in between may repeat them.
 */
export function withoutKeys(text: string): string {
  return text
    .replaceAll(/\bsk-[\w*-]+/g, 'sk-…')
    .replaceAll(/\bxai-[\w*-]{16,}/g, 'xai-…')
    .replaceAll(/\bBearer \S+/gi, 'Bearer …')
    .replaceAll(/\b(AIza|AQ\.|ya29\.)[\w.-]+/g, '$1…')
    .replaceAll(/\b(AKIA|ASIA)[A-Z0-9]{12,}/g, '$1…')
    .replaceAll(/\/\/[^/\s"]*@/g, '//…@');
}
