/** The cases, on the model and on a real etcd. Those in which time passes are played on etcd in the deep run alone. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { IS_DEEP } from '../../kit/depth.ts'
import type { Case } from './case-language.ts'
import { CASES, playCase } from './cases.ts'
import { EtcdJson } from './etcd-json.ts'
import { EtcdProcess } from './etcd-process.ts'
import { EtcdModel } from './model.ts'
import type { DataModel } from './requests.ts'

async function expectAnswers(each: Case, model: DataModel): Promise<void> {
  const steps = await playCase(each, model)
  expect(steps.map(({ answered }) => answered)).toEqual(steps.map(({ expected }) => expected))
}

async function onNewEtcd(play: (model: DataModel) => Promise<void>): Promise<void> {
  const etcd = await EtcdProcess.start()
  try {
    await play(new EtcdJson(etcd.url))
  } finally {
    await etcd.stop()
  }
}

describe('the model', () => {
  test.each(CASES)('$name', (each) => expectAnswers(each, new EtcdModel()))

  test('is as good as new when it is emptied', async () => {
    const used = new EtcdModel()
    for (const each of CASES) if (!each.isForNewStores) await expectAnswers(each, used)
  })
})

const WHY_NOT = EtcdProcess.whyNot()
const ASKED = CASES.filter(({ haltsEtcd }) => !haltsEtcd)

describe.skipIf(WHY_NOT !== null)(`a real etcd${WHY_NOT === null ? '' : `: ${WHY_NOT}`}`, () => {
  let etcd: EtcdProcess
  beforeAll(async () => {
    etcd = await EtcdProcess.start()
  })
  afterAll(() => etcd?.stop())

  test.each(ASKED.filter(({ isForNewStores, takesTime }) => !isForNewStores && !takesTime))('$name', (each) =>
    expectAnswers(each, new EtcdJson(etcd.url)),
  )

  test.each(ASKED.filter(({ isForNewStores }) => isForNewStores))('$name', (each) =>
    onNewEtcd((model) => expectAnswers(each, model)),
  )

  test.runIf(IS_DEEP)('in real time, side by side', async () => {
    const inTime = ASKED.filter(({ takesTime }) => takesTime)
    await Promise.all(inTime.map((each) => onNewEtcd((model) => expectAnswers(each, model))))
  })
})
