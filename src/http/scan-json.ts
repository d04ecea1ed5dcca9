import type { FieldError } from '../errors.ts';
import { exponentDigits, hasExponent, numberEnd, numberProblem } from './json-number.ts';
import { shownName } from './validation.ts';

/** Python's own reader ends at about 1,000 levels, and answers add a few around a stored value. */
export const JSON_MAX_DEPTH = 64;
/** Bytes of one field's JSON; 5,000 bars are 1.1 MB. */
export const JSON_FIELD_MAX_BYTES = 3_000_000;

const PROBLEMS_MAX = 20;
const MEGABYTE = 1_000_000;

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const LOWER_U = 0x75;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

export interface JsonScan {
  readonly problems: readonly FieldError[];
  /**
   * False: too deep, or too much is wrong. Nobody should build the value, it may be millions of
   * arrays in each other.
   */
  readonly isWhole: boolean;
}

/** An object or array that is open at the place that is read. */
interface Level {
  readonly isArray: boolean;
  /** Of an array: which element is read. */
  index: number;
  /** Of an object: the name that is read, and those before it. */
  key: string;
  readonly keys: Set<string>;
}

/**
 * What `JSON.parse` takes in silence although it cannot be kept: numbers that it changes, names
 * that stand twice or mean something to JavaScript, characters that PostgreSQL refuses (all of it
 * RFC 7493, I-JSON), nesting and size beyond what readers bear. One pass, without recursion, in
 * memory for `JSON_MAX_DEPTH` levels. Says nothing of text that is not JSON, except that it is
 * nested too deeply: `JSON.parse` says the rest. At most 20 problems.
 */
export function scanJson(text: string): JsonScan {
  const problems: FieldError[] = [];
  const levels: Level[] = [];
  /** The object or array that is read; `levels` holds the others around it, too. */
  let level: Level | undefined;
  let isKeyNext = false;
  let fieldStart = 0;
  /** What PostgreSQL writes more than what came: 1e300 is 301 digits there. */
  let fieldExtraBytes = 0;

  const report = (message: string, path = pathOf(levels)) =>
    problems.push({ field: path, message });
  const endField = (end: number) => {
    if (levels.length !== 1 || level?.isArray === true) return;
    if (isLongerThan(text, fieldStart, end, JSON_FIELD_MAX_BYTES - fieldExtraBytes)) {
      report(`must be at most ${JSON_FIELD_MAX_BYTES / MEGABYTE} MB of JSON`);
    }
  };

  let at = 0;
  let nextEscape = -1;
  while (at < text.length && problems.length < PROBLEMS_MAX) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      // Looked for once for many strings: most texts have no backslash at all.
      if (nextEscape < at) nextEscape = indexOrEnd(text, at);
      const string = readString(text, at, nextEscape);
      if (isKeyNext && level !== undefined) {
        level.key = keyOf(text, at, string);
        isKeyNext = false;
        const problem = keyProblem(level, levels.at(-2));
        level.keys.add(level.key);
        if (problem !== null) report(problem);
      }
      if (string.problem !== null) report(string.problem);
      at = string.end;
    } else if (code === MINUS || (code >= DIGIT_0 && code <= DIGIT_9)) {
      const end = numberEnd(text, at + 1);
      const isPowered = hasExponent(text, at, end);
      // 15 digits cannot be wrong.
      if (isPowered || end - at > 15) {
        const number = text.slice(at, end);
        const problem = numberProblem(number);
        if (problem !== null) report(problem);
        if (isPowered) fieldExtraBytes += exponentDigits(number);
      }
      at = end;
    } else {
      at += 1;
      if (code === OPEN_BRACE || code === OPEN_BRACKET) {
        // The value itself is no level of a field.
        if (levels.length > JSON_MAX_DEPTH) {
          const field = levels[0]?.isArray === true ? 'body' : pathOf(levels.slice(0, 1));
          return {
            isWhole: false,
            problems: [
              { field, message: `must not be nested more than ${JSON_MAX_DEPTH} levels deep` },
            ],
          };
        }
        level = { isArray: code === OPEN_BRACKET, index: 0, key: '', keys: new Set() };
        levels.push(level);
        isKeyNext = !level.isArray;
      } else if (code === COMMA) {
        endField(at - 1);
        if (level?.isArray === true) level.index += 1;
        else isKeyNext = true;
      } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
        endField(at - 1);
        levels.pop();
        level = levels.at(-1);
        isKeyNext = false;
      }
      if ((code === COLON || code === COMMA) && levels.length === 1) {
        fieldStart = at;
        fieldExtraBytes = 0;
      }
    }
  }
  return { problems, isWhole: at >= text.length };
}

function indexOrEnd(text: string, from: number): number {
  const index = text.indexOf('\\', from);
  return index === -1 ? text.length : index;
}

interface JsonString {
  /** Behind the closing quote. */
  readonly end: number;
  readonly hasEscapes: boolean;
  readonly problem: string | null;
}

/** `firstEscape`: where the first backslash at or behind the quote is. */
function readString(text: string, start: number, firstEscape: number): JsonString {
  const end = text.indexOf('"', start + 1);
  const isOpen = end === -1;
  if (isOpen || firstEscape > end) {
    return { end: isOpen ? text.length : end + 1, hasEscapes: false, problem: null };
  }
  let problem: string | null = null;
  let at = firstEscape;
  for (; at < text.length && text.charCodeAt(at) !== QUOTE;) {
    if (text.charCodeAt(at) !== BACKSLASH) at += 1;
    else if (text.charCodeAt(at + 1) !== LOWER_U) at += 2;
    else {
      const unit = unitAt(text, at);
      at += 6;
      if (unit === 0) problem ??= 'must not contain the character U+0000';
      if ((unit & 0xf800) !== 0xd800) continue;
      const isPair = unit < 0xdc00 && (unitAt(text, at) & 0xfc00) === 0xdc00;
      if (isPair) at += 6;
      else problem ??= 'must be well-formed Unicode, without half of a surrogate pair';
    }
  }
  return { end: at + 1, hasEscapes: true, problem };
}

/** The UTF-16 unit that is escaped here; a space where none is, which is no JSON. */
function unitAt(text: string, at: number): number {
  const match = /^\\u[0-9a-f]{4}$/i.exec(text.slice(at, at + 6));
  return match === null ? 0x20 : Number.parseInt(text.slice(at + 2, at + 6), 16);
}

function keyOf(text: string, start: number, { end, hasEscapes }: JsonString): string {
  if (!hasEscapes) return text.slice(start + 1, end - 1);
  try {
    return String(JSON.parse(text.slice(start, end)));
  } catch {
    return text.slice(start + 1, end - 1);
  }
}

/**
 * Of `__proto__` schemas and merging libraries make a prototype, or nothing; of
 * `constructor.prototype` as well.
 */
function keyProblem({ key, keys }: Level, parent: Level | undefined): string | null {
  if (keys.has(key)) return 'is given twice';
  const isInConstructor = parent?.isArray === false && parent.key === 'constructor';
  const isPrototype = key === '__proto__' || (key === 'prototype' && isInConstructor);
  return isPrototype ? 'is no name for a member: JavaScript reads it as a prototype' : null;
}

/**
 * Whether these characters are more than `bytes` in UTF-8, where each has one to three a UTF-16
 * unit.
 */
function isLongerThan(text: string, start: number, end: number, bytes: number): boolean {
  if ((end - start) * 3 <= bytes) return false;
  return end - start > bytes || Buffer.byteLength(text.slice(start, end)) > bytes;
}

/** `metadata.market_data_snapshot.bars[3].volume`; `body` for the whole. Long names are cut. */
function pathOf(levels: readonly Level[]): string {
  const path = levels
    .map(({ isArray, index, key }, i) => {
      if (isArray) return `[${index}]`;
      return `${i === 0 ? '' : '.'}${shownName(key)}`;
    })
    .join('');
  return path === '' ? 'body' : path;
}
