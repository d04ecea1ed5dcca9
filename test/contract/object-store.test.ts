import { isLive } from '../support/project.ts';
import { openKillableMinio, openMinio } from './minio-store.ts';
import { MINIO_DIFFERENCES, type MinioDifference } from './object-store-differences.ts';
import { objectStoreContract } from './object-store.contract.ts';
import { openKillableStandIn, openStandInStore } from './stand-in-store.ts';

objectStoreContract(
  isLive
    ? {
        open: openMinio,
        // Somebody's own MinIO is not killed, and to have one may be why Go is not there to build
        // another.
        openKillable: process.env['MINIO_IS_GIVEN'] === undefined ? openKillableMinio : null,
        differences: Object.keys(MINIO_DIFFERENCES) as MinioDifference[],
      }
    : { open: openStandInStore, openKillable: openKillableStandIn, differences: [] },
);
