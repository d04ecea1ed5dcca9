import { describeLineageBackground } from '../worker/lineage-background.suite.ts';
import { openLiveMlflow } from './live-mlflow.ts';

describeLineageBackground('MLflow', openLiveMlflow);
