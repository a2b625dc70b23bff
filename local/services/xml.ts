/** An element of the XML of AWS's query protocol: a text, a list of members, or fields. */
export type XmlValue = string | readonly XmlValue[] | { readonly [name: string]: XmlValue };

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** The content of an element. */
export function xmlOf(value: XmlValue): string {
  if (typeof value === 'string') return value.replace(/[&<>]/g, (sign) => ESCAPES[sign] ?? '');
  if (isList(value)) return value.map((member) => element('member', member)).join('');
  return Object.entries(value)
    .map(([name, field]) => element(name, field))
    .join('');
}

function element(name: string, value: XmlValue): string {
  return `<${name}>${xmlOf(value)}</${name}>`;
}

function isList(value: Exclude<XmlValue, string>): value is readonly XmlValue[] {
  return Array.isArray(value);
}
