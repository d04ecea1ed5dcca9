import { describeLineageRepair } from '../worker/lineage-repair.suite.ts';
import { openLiveMlflow } from './live-mlflow.ts';

describeLineageRepair('MLflow', openLiveMlflow);
