/** The object store of a stack, with the bucket of its test file. */
export interface StackStore {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

/** The database of a stack, empty, behind an endpoint that speaks Neon's protocol. */
export interface StackDatabase {
  readonly databaseUrl: string;
  readonly httpEndpoint: string;
  /** Applies what is missing of `migrations/`. */
  migrate(): Promise<void>;
  query(sql: string, params: unknown[]): Promise<Record<string, unknown>[]>;
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

export interface StackServices {
  readonly store: StackStore;
  readonly database: StackDatabase;
}
