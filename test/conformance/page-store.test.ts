import { LevelPageStoreBench } from '../io/page-store-bench.ts'
import { describePageStore } from './page-store-suite.ts'

describePageStore('the database', async () => new LevelPageStoreBench())
