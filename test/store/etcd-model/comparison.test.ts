/**
 * The model against a real etcd: the same drawn requests, equal answers. What is not compared, and why:
 *
 * | not compared | reason |
 * |---|---|
 * | how much of a lease is left, and leases that end | real time; the deep run waits for one |
 * | the order of a lease's keys, and of leases | etcd gives the first in any order and the second by time; both are sorted |
 * | the order of equal pairs in a sorted range of more than 12 | Go's sort is not stable there; at most 9 keys are drawn |
 * | a transaction that deletes to the end of all keys and then puts one of them with ignore_value or ignore_lease | etcd halts; the model refuses it with `key not found` |
 * | enumerators that do not exist, requests that are too large | they belong to the interface, not to the data model |
 */
import { afterEach, describe, expect, test } from 'vitest'
import { deeper } from '../../kit/depth.ts'
import { compareModels } from './comparison.ts'
import { EtcdJson } from './etcd-json.ts'
import { EtcdProcess } from './etcd-process.ts'
import { EtcdModel } from './model.ts'
import { REFUSALS } from './requests.ts'

const REQUESTS = deeper(500, 10_000)
const WHY_NOT = EtcdProcess.whyNot()

describe.skipIf(WHY_NOT !== null)(
  `the model and a real etcd${WHY_NOT === null ? '' : `: ${WHY_NOT}`}`,
  () => {
    let etcd: EtcdProcess | undefined
    afterEach(async () => {
      await etcd?.stop()
      etcd = undefined
    })

    test(`answer ${REQUESTS} drawn requests alike`, async () => {
      etcd = await EtcdProcess.start()
      const real = new EtcdJson(etcd.url)
      const { answers, difference } = await compareModels(new EtcdModel(), real, {
        seed: 1,
        requests: REQUESTS,
      })
      if (difference !== null) expect.fail(difference)
      for (const { message } of Object.values(REFUSALS))
        expect(answers.get(`refusal: ${message}`)).toBeGreaterThan(0)
    })
  },
)
