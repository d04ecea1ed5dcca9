export interface ParsedFamily {
  readonly help: string;
  readonly type: string;
  readonly samples: readonly ParsedSample[];
}

export interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\[\\\\"n])*"';
const SAMPLE = new RegExp(
  `^(${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)\\})? (NaN|[+-]Inf|-?[0-9.]+(?:e[+-]?[0-9]+)?)$`,
);
const ESCAPES: Readonly<Record<string, string>> = { '\\\\': '\\', '\\"': '"', '\\n': '\n' };

/**
 * Reads the text exposition format 0.0.4 by its grammar, stricter than Prometheus: every family has
 * one HELP, then one TYPE, then all of its series, each once. Throws where the text departs from
 * it.
 */
export function parsePrometheusText(text: string): Map<string, ParsedFamily> {
  if (!text.endsWith('\n') || text.includes('\r'))
    throw new Error('lines end with a line feed, the last one too');
  const families = new Map<string, { help: string; type: string; samples: ParsedSample[] }>();
  let current: [string, { help: string; type: string; samples: ParsedSample[] }] | null = null;
  for (const line of text.slice(0, -1).split('\n')) {
    const help = new RegExp(`^# HELP (${NAME}) ((?:[^\\\\]|\\\\[\\\\n])*)$`).exec(line);
    const type = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram)$`).exec(line);
    if (help?.[1] !== undefined) {
      if (families.has(help[1])) throw new Error(`a second HELP: ${line}`);
      current = [help[1], { help: help[2] ?? '', type: '', samples: [] }];
      families.set(...current);
    } else if (type !== null) {
      if (current === null || current[0] !== type[1] || current[1].type !== '')
        throw new Error(`a TYPE out of place: ${line}`);
      current[1].type = type[2] ?? '';
    } else {
      const sample = readSample(line);
      if (current === null || current[1].type === '' || !belongs(sample.name, current))
        throw new Error(`a series out of place: ${line}`);
      const isSame = (other: ParsedSample) =>
        other.name === sample.name &&
        JSON.stringify(other.labels) === JSON.stringify(sample.labels);
      if (current[1].samples.some(isSame)) throw new Error(`the same series twice: ${line}`);
      current[1].samples.push(sample);
    }
  }
  for (const [name, family] of families) assertWhole(name, family);
  return families;
}

function readSample(line: string): ParsedSample {
  const match = SAMPLE.exec(line);
  if (match?.[1] === undefined) throw new Error(`not a series: ${line}`);
  const [, name, list = '', value = ''] = match;
  const labels: Record<string, string> = {};
  for (const [pair] of list.matchAll(new RegExp(LABEL, 'g'))) {
    const label = pair.slice(0, pair.indexOf('='));
    if (label in labels) throw new Error(`a label twice: ${line}`);
    labels[label] = pair
      .slice(label.length + 2, -1)
      .replaceAll(/\\[\\"n]/g, (escape) => ESCAPES[escape] ?? '');
  }
  return { name, labels, value: Number(value.replace('Inf', 'Infinity')) };
}

function belongs(sample: string, [name, { type }]: [string, { type: string }]): boolean {
  return type === 'histogram'
    ? ['_bucket', '_sum', '_count'].some((suffix) => sample === name + suffix)
    : sample === name;
}

function assertWhole(name: string, { type, samples }: ParsedFamily): void {
  if (
    type === 'counter' &&
    (!name.endsWith('_total') || samples.some(({ value }) => !(value >= 0)))
  )
    throw new Error(`${name} is no counter`);
  if (type !== 'histogram') return;
  const buckets = samples.filter(({ labels }) => 'le' in labels);
  const bounds = buckets.map(({ labels }) => Number(labels['le']?.replace('Inf', 'Infinity')));
  const isRising = (numbers: readonly number[]) =>
    numbers.every((n, i) => i === 0 || n >= (numbers[i - 1] ?? n));
  const count = samples.find((sample) => sample.name === `${name}_count`)?.value;
  const isWhole =
    isRising(bounds) &&
    isRising(buckets.map(({ value }) => value)) &&
    bounds.at(-1) === Infinity &&
    buckets.at(-1)?.value === count &&
    samples.some((sample) => sample.name === `${name}_sum`);
  if (!isWhole) throw new Error(`${name} is no histogram`);
}
