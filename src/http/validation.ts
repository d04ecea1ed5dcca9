import { invalidInput, type FieldError } from '../errors.ts';

/**
 * The part of zod's result and issues that this room needs; the schemas themselves live with their
 * nouns.
 */
interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly code?: string;
  readonly keys?: readonly string[];
  readonly expected?: string;
  readonly origin?: string;
  readonly minimum?: number | bigint;
  readonly maximum?: number | bigint;
  readonly values?: readonly unknown[];
}

/** More would not be read, and an answer must not be as long as what it refuses. */
const FIELDS_MAX = 100;
const NAME_MAX_CHARACTERS = 64;

/** How zod begins what it says by itself; what a schema says is for people already. */
const ZODS_OWN = /^(Invalid|Too) /;

/** zod issues as field errors; unknown members are named one by one. */
export function fieldErrors(issues: readonly Issue[]): FieldError[] {
  const fields = issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys' && issue.keys !== undefined) {
      return issue.keys.map((key) => ({
        field: fieldPath([...issue.path, key]),
        message: 'is not known here',
      }));
    }
    return [{ field: fieldPath(issue.path), message: messageOf(issue) }];
  });
  return fields.slice(0, FIELDS_MAX);
}

function messageOf({ code, message, expected, origin, minimum, maximum, values }: Issue): string {
  if (!ZODS_OWN.test(message)) return message;
  const unit = origin === 'string' ? ' characters long' : origin === 'array' ? ' entries long' : '';
  switch (code) {
    case 'invalid_type':
      if (message.endsWith('received undefined')) return 'is missing';
      return `must be ${TYPE_NAMES[expected ?? ''] ?? expected}`;
    case 'too_small':
      return `must be at least ${minimum}${unit}`;
    case 'too_big':
      return `must be at most ${maximum}${unit}`;
    case 'invalid_value':
      return `must be ${values?.length === 1 ? '' : 'one of '}${values?.map((value) => JSON.stringify(value)).join(', ')}`;
    default:
      return message;
  }
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'an array',
  object: 'an object',
  record: 'an object',
};

/** `['bars', 3, 'high']` -> `bars[3].high`; the whole body is `body`. */
function fieldPath(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'body';
  return path
    .map((part, index) =>
      typeof part === 'number'
        ? `[${part}]`
        : `${index === 0 ? '' : '.'}${shownName(String(part))}`,
    )
    .join('');
}

/** An empty name can be seen, and a long one is cut. */
export function shownName(name: string): string {
  if (name === '') return '""';
  return name.length > NAME_MAX_CHARACTERS ? `${name.slice(0, NAME_MAX_CHARACTERS)}…` : name;
}

/** For `OpenAPIHono`'s `defaultHook`: bad input becomes one 422 that names every bad field. */
export function rejectInvalid(result: {
  success: boolean;
  error?: { issues: readonly Issue[] };
}): void {
  if (result.success || result.error === undefined) return;
  throw invalidInput(fieldErrors(result.error.issues));
}

/** Schemas never see a parameter of this name, so it is refused before them. */
export function refuseUnseenParameter(names: Readonly<Record<string, unknown>>): void {
  const unseen = '__proto__';
  if (Object.hasOwn(names, unseen))
    throw invalidInput([{ field: unseen, message: 'is not known here' }]);
}
