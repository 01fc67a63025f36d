/** The verifier in a browser: it checks what an honest gateway gives, and names the lie of one that changes it. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { rolldown } from 'rolldown'
import { describe, expect, test } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import { replicaIds } from '../../src/base/ids.ts'
import { LIMITS_IN_CLUSTER_ID, PROTOCOL_VERSION } from '../../src/messages/limits.ts'
import { get, put } from '../store/harness.ts'
import { SigningCluster } from '../verify/proof-kit.ts'

const CHROMIUM = '/usr/bin/chromium'
const ENTRY = fileURLToPath(new URL('../../dist/clients/verify/index.js', import.meta.url))
const BUNDLE_BYTES_MAX = 60_000

/** The module as one minified file. */
async function bundled(): Promise<string> {
  const bundle = await rolldown({ input: ENTRY, platform: 'browser', logLevel: 'silent' })
  const { output } = await bundle.generate({ format: 'iife', name: 'strategosVerify', minify: true })
  await bundle.close()
  expect(output).toHaveLength(1)
  return output[0].code
}

/** The cluster file of a cluster that the test signs for. */
function clusterFileOf({ cluster }: SigningCluster): object {
  return {
    protocolVersion: PROTOCOL_VERSION,
    clusterId: toHex(cluster.clusterId),
    nonce: toHex(cluster.nonce),
    auth: cluster.mode,
    suite: 'sodium',
    n: cluster.replicas.length,
    storeBytesMax: cluster.storeBytesMax,
    checkpointInterval: cluster.checkpointInterval,
    limits: [...LIMITS_IN_CLUSTER_ID],
    replicas: replicaIds(cluster.replicas.length).map((id) => ({
      id,
      address: '127.0.0.1:1',
      publicKey: toHex(cluster.replicas[id]?.publicKey ?? new Uint8Array(0)),
      agreementKey: toHex(cluster.replicas[id]?.agreementKey ?? new Uint8Array(0)),
    })),
    clients: cluster.clients.map(({ name, publicKey }) => ({ name, publicKey: toHex(publicKey) })),
  }
}

describe('strategos/verify', () => {
  const kit = new SigningCluster()
  const receipt = kit.receipt([put('colour', 'blue'), get('colour')])
  const lie = {
    ...receipt,
    says: {
      ...receipt.says,
      operations: [{ kind: 'put', key: 'colour', valueBytes: 5 }, ...receipt.says.operations.slice(1)],
    },
  }

  test('has less than 60 kB minified', async () => {
    const { length } = Buffer.from(await bundled())
    console.log(`strategos/verify: ${length} bytes minified`)
    expect(length).toBeLessThan(BUNDLE_BYTES_MAX)
  })

  test.skipIf(!existsSync(CHROMIUM))(
    `checks a receipt in a browser, and names a lie (skipped where ${CHROMIUM} is not there)`,
    async () => {
      const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
      try {
        const page = await browser.newPage()
        await page.setContent('<!doctype html><title>verify</title>')
        await page.addScriptTag({ content: await bundled() })
        const verdicts = await page.evaluate(
          ([cluster, ...documents]) => {
            const module = (
              globalThis as unknown as { strategosVerify: typeof import('../../clients/verify/index.ts') }
            ).strategosVerify
            const known = module.readPublicCluster(cluster)
            return documents.map((document) => {
              const verdict = module.verify(known, document)
              return verdict.kind === 'refused' ? verdict : { kind: 'proved', says: verdict.proved.says }
            })
          },
          [clusterFileOf(kit), receipt, lie, { ...receipt, replies: [receipt.replies[0]] }] as object[],
        )
        expect(verdicts[0]).toEqual({ kind: 'proved', says: receipt.says })
        expect(verdicts[1]).toMatchObject({
          kind: 'refused',
          because: 'it says 5 at "says.operations.0.valueBytes", and its bytes say 4',
        })
        expect(verdicts[2]).toMatchObject({ kind: 'refused', fault: 'too-few-replies' })
      } finally {
        await browser.close()
      }
    },
  )
})
