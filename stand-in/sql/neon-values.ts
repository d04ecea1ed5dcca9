/**
 * A JSON parameter as PostgreSQL's text: arrays become array literals, objects stay JSON, null
 * stays null.
 */
export function parameterText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return arrayLiteral(value);
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function arrayLiteral(items: readonly unknown[]): string {
  const texts = items.map((item) => {
    if (Array.isArray(item)) return arrayLiteral(item);
    const text = parameterText(item);
    return text === null ? 'NULL' : `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
  });
  return `{${texts.join(',')}}`;
}

const BOOL = 16;
/** int8 too: Neon's endpoint writes it as a JSON number. */
const NUMBER_TYPES = new Set([20, 21, 23, 700, 701]);
const JSON_TYPES = new Set([114, 3802]);

/**
 * A value for a caller that did not send `Neon-Raw-Text-Output: true`: booleans, numbers and JSON
 * as JSON, everything else (arrays too, unlike Neon) as text. Neon's own driver always asks for
 * text.
 */
export function jsonValue(text: string | null, dataTypeId: number | undefined): unknown {
  if (text === null || dataTypeId === undefined) return text;
  if (dataTypeId === BOOL) return text === 't';
  if (JSON_TYPES.has(dataTypeId)) return JSON.parse(text);
  if (!NUMBER_TYPES.has(dataTypeId)) return text;
  const number = Number(text);
  return Number.isFinite(number) ? number : text;
}
