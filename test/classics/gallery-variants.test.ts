/** Conditions of the gallery's theorems beyond those that its entries break. */
import { describe, expect, test } from 'vitest'
import { intervalsOf, phi, phiWait } from '../../src/classics/failure-detectors/phi-accrual.ts'
import { chandyLamport, type SnapshotRecord } from '../../src/classics/snapshots/chandy-lamport.ts'
import { exploreOrders } from '../../src/simulator/classics/explore-orders.ts'

describe('Chandy–Lamport', () => {
  const explored = (isFifo: boolean) =>
    exploreOrders({
      setting: { algorithm: chandyLamport({ n: 2, balance: 5, transfers: 1, isFifo }) },
      isUnordered: true,
      judge: ({ outputs, ending }) => {
        if (ending === null) return null
        const records = outputs.map(({ value }) => value as SnapshotRecord)
        const sum = records.reduce((total, { balance, underWay }) => total + balance + underWay, 0)
        return sum === 10 ? null : `${sum}`
      },
    })

  test('FIFO links keep the cut consistent', () => expect(explored(true).violation).toBeNull())

  test('money that overtakes a marker is counted twice', () => {
    expect(explored(false).violation?.property).toBe('11')
  })
})

describe('φ accrual', () => {
  test('φ grows with the time since the last beat', () => {
    const intervals = intervalsOf([3, 3, 4])
    const levels = [1, 3, 5, 7, 9].map((elapsed) => phi(elapsed, intervals))
    expect(levels).toEqual([...levels].sort((a, b) => a - b))
  })

  test('it follows a network that slows down, where a fixed wait suspects a correct process', () => {
    const slower = [3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8]
    const wait = phiWait({ threshold: 8, window: 10, firstInterval: 3 })
    const isSuspected = slower.map((interval, index) => interval >= wait(slower.slice(0, index)))
    expect(isSuspected).not.toContain(true)
    expect(slower.some((interval) => interval >= 3 + 3)).toBe(true)
  })
})
