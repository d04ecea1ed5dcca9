import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { ensureBucket } from '../../scripts/local/ensure-bucket.ts';
import { objectStoreContract } from '../contract/object-store.contract.ts';
import { liveStore, removeBucket } from '../support/live-services.ts';

const bucket = `contract-${randomUUID().slice(0, 8)}`;

beforeAll(() => ensureBucket(liveStore(), bucket));
afterAll(() => removeBucket(liveStore(), bucket));

objectStoreContract('MinIO', async () => ({ ...liveStore(), bucket }));
