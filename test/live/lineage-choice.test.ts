import { describeLineageChoice } from '../worker/lineage-choice.suite.ts';
import { openLiveMlflow } from './live-mlflow.ts';

describeLineageChoice('MLflow', openLiveMlflow);
