/** The command bench store: it measures the store itself in this process, without a cluster. */
import { suiteNamed } from '../../src/crypto/suites.ts'
import { measureStoreCost, type PutCost } from '../bench/store-cost.ts'
import type { SuiteFlag } from './options.ts'
import { tableText } from './table.ts'

export interface StoreCostFlags {
  readonly crypto: SuiteFlag
  readonly keyCounts: readonly number[]
  readonly operations: number
  readonly valueBytes: number
  readonly json?: true
}

/** Enough watches that the memory of one of them shows. */
const WATCHES = 5_000

export async function benchStore(flags: StoreCostFlags): Promise<void> {
  const { crypto, keyCounts, operations, valueBytes, json } = flags
  const cost = await measureStoreCost({
    hash: suiteNamed(crypto).hash,
    keys: keyCounts,
    puts: operations,
    valueBytes,
    watches: WATCHES,
    onCost: () => {},
  })
  if (json) return console.log(JSON.stringify(cost, null, 2))
  console.log(tableText([['keys', 'us per put', 'bytes per key'], ...cost.puts.map(rowOf)]))
  console.log(`\n${cost.watchBytes.toFixed(0)} bytes per idle watch`)
}

const rowOf = ({ keys, putMicros, keyBytes }: PutCost): readonly string[] => [
  `${keys}`,
  putMicros.toFixed(2),
  keyBytes.toFixed(0),
]
