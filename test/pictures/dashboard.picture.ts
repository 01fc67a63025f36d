/** Records the dashboard of a real cluster while its primary lies, for README.md. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { launchBrowser } from '../kit/browser.ts'
import { ROOT } from '../kit/built-program.ts'
import { PATIENT } from '../kit/patience.ts'
import { startCluster } from '../kit/running-cluster.ts'
import { ScreenRecorder } from './screen-recorder.ts'

const PICTURE = join(ROOT, 'clients/web/dashboard.png')
/** README.md is loaded with it. */
const BYTES_MAX = 1_200_000

test('the dashboard while the primary lies and is convicted', async () => {
  const cluster = await startCluster('--playground')
  const browser = await launchBrowser()
  let isWriting = true
  const writes = (async () => {
    for (let index = 0; isWriting; index++)
      await fetch(`${cluster.url}/v1/kv?key=sensor/${index % 6}`, {
        method: 'PUT',
        body: `${20 + (index % 9)} °C`,
      })
  })()
  try {
    const page = await browser.newPage({ viewport: { width: 1080, height: 960 } })
    page.setDefaultTimeout(PATIENT.timeout)
    await page.goto(cluster.url)
    const recorder = new ScreenRecorder(page)
    const shootFor = async (pictures: number): Promise<void> => {
      for (let index = 0; index < pictures; index++) await recorder.shoot(350)
    }
    await page.locator('.phase.executed').nth(20).waitFor()
    await page.getByRole('button', { name: /^Launch equivocate on replica \d$/ }).waitFor()
    await shootFor(3)
    const convicted = page.getByText(/convicts replica \d: it signed two messages/).first()
    await page.getByRole('button', { name: /^Launch equivocate on replica \d$/ }).click()
    await convicted.waitFor()
    await shootFor(4)
    await page.getByRole('button', { name: 'Verify in this page' }).first().click()
    await page.getByText('Proved: both signatures are valid').scrollIntoViewIfNeeded()
    await recorder.shoot(2_500)
    const picture = await recorder.animation(browser)
    expect(picture.length).toBeLessThan(BYTES_MAX)
    writeFileSync(PICTURE, picture)
  } finally {
    isWriting = false
    await writes
    await browser.close()
    await cluster.close()
  }
})
