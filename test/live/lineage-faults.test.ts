import { describeLineageFaults } from '../worker/lineage-faults.suite.ts';
import { openLiveMlflow } from './live-mlflow.ts';

describeLineageFaults('MLflow', openLiveMlflow);
