import { openEmbeddedServices } from './embedded-services.ts';
import { openLiveServices } from './live-services.ts';
import { isLive } from './project.ts';
import type { StackServices } from './stack-services.ts';

/** The services of a stack: stand-ins, or those that `npm run test:live` has started. */
export function openServices(bucket: string): Promise<StackServices> {
  return isLive ? openLiveServices(bucket) : openEmbeddedServices(bucket);
}
