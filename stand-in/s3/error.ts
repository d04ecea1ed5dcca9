import { XMLBuilder } from 'fast-xml-parser';

const STATUS = {
  AccessDenied: 403,
  AuthorizationHeaderMalformed: 400,
  AuthorizationParametersError: 400,
  AuthorizationQueryParametersError: 400,
  BadDigest: 400,
  BucketAlreadyOwnedByYou: 409,
  BucketNotEmpty: 409,
  EntityTooLarge: 400,
  IncompleteBody: 400,
  InternalError: 500,
  InvalidAccessKeyId: 403,
  InvalidArgument: 400,
  InvalidBucketName: 400,
  InvalidDigest: 400,
  InvalidRange: 416,
  InvalidRequest: 400,
  KeyTooLongError: 400,
  MalformedDate: 400,
  MalformedXML: 400,
  MetadataTooLarge: 400,
  MethodNotAllowed: 405,
  MissingContentLength: 411,
  MissingFields: 400,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  NotImplemented: 501,
  PreconditionFailed: 412,
  RequestTimeTooSkewed: 403,
  SignatureDoesNotMatch: 403,
  XAmzContentChecksumMismatch: 400,
  XAmzContentSHA256Mismatch: 400,
  XMinioInvalidObjectName: 400,
  XMinioInvalidResourceName: 400,
} as const;

export type S3ErrorCode = keyof typeof STATUS;

interface S3ErrorDetails {
  readonly headers?: Readonly<Record<string, string>>;
  /** Where it is not the code's usual one. */
  readonly status?: number;
}

/** An answer of the S3 protocol that is not a success. */
export class S3Error extends Error {
  override readonly name = 'S3Error';
  readonly code: S3ErrorCode;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: S3ErrorCode, message: string, { headers = {}, status }: S3ErrorDetails = {}) {
    super(message);
    this.code = code;
    this.status = status ?? STATUS[code];
    this.headers = headers;
  }

  toXml(resource: string, requestId: string): string {
    return toXml({
      Error: { Code: this.code, Message: this.message, Resource: resource, RequestId: requestId },
    });
  }
}

export const S3_NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';
const builder = new XMLBuilder({ ignoreAttributes: false });

/** A document of S3's XML. Attributes are named with a leading `@_`. */
export function toXml(document: object): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${builder.build(document)}`;
}
