/**
 * Where MinIO departs from the embedded server, each by its name and with the reason why the
 * embedded one does not follow. docs/object-stores.md lists them too.
 */
export const MINIO_DIFFERENCES = {
  'conditions-order':
    'RFC 9110 asks for If-Match and If-Unmodified-Since first and has If-None-Match overrule If-Modified-Since; MinIO answers 304 before it looks at the former.',
  'tag-lists':
    'Lists of tags, and weak tags in If-None-Match, are valid in RFC 9110; MinIO compares the whole header with one tag.',
  'conditional-delete':
    'S3 deletes with If-Match only what the caller has seen; MinIO does not look at the header.',
  'suffix-of-empty':
    'The last bytes of an empty object are not satisfiable; MinIO answers 206 with "bytes 0--1/0".',
  'huge-range':
    'A position beyond 64 bits is beyond the object, or its end; MinIO ignores the header.',
  'content-range-of-416': 'RFC 9110 wants the size of the object in a 416; MinIO does not say it.',
  'unsigned-headers':
    'A header that S3 acts on must be signed, or anyone on the way could add one; MinIO takes it unless the URL is presigned.',
  'leading-slash': 'MinIO drops a leading slash and so gives one object two names.',
  'control-characters':
    'Control characters cannot stand in XML, so such a key could not be listed.',
} as const;

export type MinioDifference = keyof typeof MINIO_DIFFERENCES;
