/** RFC 9110 section 8.8.3. */
export interface EntityTag {
  readonly isWeak: boolean;
  /** With its quotes. */
  readonly opaque: string;
}

/** An opaque tag is quoted and may hold commas, so a list of them cannot simply be split. */
const TAG = /(W\/)?("[^"]*")/g;

/** The tags of an ETag, or of the list that `If-Match` and `If-None-Match` hold; no `*`. */
export function entityTagsOf(field: string): EntityTag[] {
  return [...field.matchAll(TAG)].map(([, weak, opaque = '']) => ({
    isWeak: weak !== undefined,
    opaque,
  }));
}

/** `*` stands for whatever exists (13.1.1, 13.1.2). */
export function isAnyTag(field: string): boolean {
  return field.trim() === '*';
}

/** An opaque tag as a strong ETag. */
export function strongTag(opaque: string): string {
  return `"${opaque}"`;
}

/** An opaque tag as a weak ETag: the same meaning, maybe other bytes. */
export function weakTag(opaque: string): string {
  return `W/"${opaque}"`;
}
