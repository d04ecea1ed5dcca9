import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/** What is kept of one object besides its bytes. */
export interface ObjectRecord {
  readonly key: string;
  /** Unquoted MD5. */
  readonly md5: string;
  readonly byteSize: number;
  /** Epoch milliseconds, whole seconds as HTTP shows them. */
  readonly lastModified: number;
  readonly contentType: string;
  /** Headers that come back as they went in: cache-control, content-encoding, x-amz-meta-… */
  readonly headers: Readonly<Record<string, string>>;
}

export interface FileObject {
  readonly record: ObjectRecord;
  readonly bytes: Buffer;
}

const TEMPORARY = '.tmp';

/**
 * Objects as files: one file an object, a line of JSON and then the bytes, written beside and
 * renamed, so that a killed process leaves the old object or the new one. File names are hashes of
 * the keys: no key can name a place outside.
 */
export class ObjectFiles {
  readonly #directory: string;
  readonly #tails = new Map<string, Promise<unknown>>();

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async open(directory: string): Promise<ObjectFiles> {
    await mkdir(join(directory, TEMPORARY), { recursive: true });
    for (const name of await readdir(join(directory, TEMPORARY)))
      await unlink(join(directory, TEMPORARY, name));
    return new ObjectFiles(directory);
  }

  async buckets(): Promise<string[]> {
    const entries = await readdir(this.#directory, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && entry.name !== TEMPORARY)
      .map((entry) => entry.name)
      .toSorted();
  }

  async createBucket(bucket: string): Promise<void> {
    await mkdir(join(this.#directory, bucket), { recursive: true });
  }

  async hasBucket(bucket: string): Promise<boolean> {
    return stat(join(this.#directory, bucket)).then(
      (entry) => entry.isDirectory(),
      () => false,
    );
  }

  /** With what is in it. */
  async removeBucket(bucket: string): Promise<void> {
    await rm(join(this.#directory, bucket), { recursive: true, force: true });
  }

  async read(bucket: string, key: string): Promise<FileObject | null> {
    try {
      return parse(await readFile(this.#path(bucket, key)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  async write(bucket: string, record: ObjectRecord, bytes: Buffer): Promise<void> {
    const path = this.#path(bucket, record.key);
    const temporary = join(this.#directory, TEMPORARY, randomBytes(12).toString('hex'));
    await mkdir(join(path, '..'), { recursive: true });
    try {
      const file = await open(temporary, 'wx');
      try {
        // writeFile goes on until all is written or fails; a single write may stop short on a full
        // disk.
        await file.writeFile(Buffer.concat([Buffer.from(`${JSON.stringify(record)}\n`), bytes]));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  async remove(bucket: string, key: string): Promise<void> {
    await rm(this.#path(bucket, key), { force: true });
  }

  /** All records of a bucket, by key in UTF-8 order. */
  async list(bucket: string): Promise<ObjectRecord[]> {
    const names = await readdir(join(this.#directory, bucket), {
      recursive: true,
      withFileTypes: true,
    });
    const records: ObjectRecord[] = [];
    for (const entry of names) {
      if (!entry.isFile()) continue;
      const record = await readRecord(join(entry.parentPath, entry.name)).catch(ignoreMissing);
      if (record !== null) records.push(record);
    }
    return records.toSorted((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
  }

  /** Conditional writes of one key take turns, so exactly one of many sees the key missing. */
  async exclusively<T>(bucket: string, key: string, work: () => Promise<T>): Promise<T> {
    const name = this.#path(bucket, key);
    const before = this.#tails.get(name) ?? Promise.resolve();
    const mine = before.then(work, work);
    this.#tails.set(name, mine);
    try {
      return await mine;
    } finally {
      if (this.#tails.get(name) === mine) this.#tails.delete(name);
    }
  }

  #path(bucket: string, key: string): string {
    const name = createHash('sha256').update(key).digest('hex');
    return join(this.#directory, bucket, name.slice(0, 2), name);
  }
}

function parse(file: Buffer): FileObject {
  const end = file.indexOf(0x0a);
  const record = JSON.parse(file.subarray(0, end).toString('utf8')) as ObjectRecord;
  const bytes = file.subarray(end + 1);
  if (bytes.byteLength !== record.byteSize)
    throw new Error(`the file of "${record.key}" is damaged`);
  return { record, bytes };
}

async function readRecord(path: string): Promise<ObjectRecord> {
  const file = await open(path);
  try {
    for await (const line of file.readLines({ encoding: 'utf8' }))
      return JSON.parse(line) as ObjectRecord;
    throw new Error(`${path} holds no object`);
  } finally {
    await file.close().catch(() => {});
  }
}

/** Deleted between the listing and the look: it is not there any more. */
function ignoreMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}
