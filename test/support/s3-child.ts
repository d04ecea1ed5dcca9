import { startS3Server, type S3ServerOptions } from '../../stand-in/s3/server.ts';

// The embedded S3 server in a process of its own, for tests that kill it.
await startS3Server(JSON.parse(process.env['S3_OPTIONS'] ?? '') as S3ServerOptions);
