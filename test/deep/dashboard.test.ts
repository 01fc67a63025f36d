/**
 * The dashboard in a real browser, on a real cluster that may be attacked: the store is used, a traitor is launched and
 * convicted, and the page verifies it. Skipped where there is no Chromium.
 */
import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PATIENT } from '../kit/patience.ts'
import { type RunningCluster, startCluster } from '../kit/running-cluster.ts'

const CHROMIUM = process.env.STRATEGOS_CHROMIUM ?? '/usr/bin/chromium'
/** The elements that reach beyond the right edge of the page, by class or name; those that scroll by themselves are let be. */
const WIDER_THAN_PAGE = `document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll('body *')]
  .filter((each) => each.getBoundingClientRect().right > innerWidth + 1 && each.closest('.wide') === null)
  .map((each) => each.tagName + '.' + each.className)`
const hasBrowser = existsSync(CHROMIUM)
if (!hasBrowser)
  console.warn(`No browser at ${CHROMIUM}: the dashboard is not tested. STRATEGOS_CHROMIUM names another.`)

describe.skipIf(!hasBrowser)('the dashboard', () => {
  let cluster: RunningCluster
  let browser: Browser
  let page: Page
  const complaints: string[] = []
  beforeAll(async () => {
    cluster = await startCluster('--playground')
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
    page = await browser.newPage()
    page.setDefaultTimeout(PATIENT.timeout)
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.goto(cluster.url)
  })
  afterAll(async () => {
    await browser?.close()
    await cluster?.close()
  })

  test('a key is created, set again, compared with what it was, and deleted after a question', async () => {
    await page.getByText('The store is empty').waitFor()
    await page.getByLabel('A key').fill('greet\\n\\xFF')
    await page.getByRole('button', { name: 'Open or create' }).click()
    const value = page.getByLabel('value of greet\\n\\xFF')
    await value.fill('one\ntwo')
    await page.getByRole('button', { name: 'Create', exact: true }).click()
    await page.getByText('Set at revision 2: f + 1 replicas gave').waitFor()
    await value.fill('one\nthree')
    await page.getByRole('button', { name: 'Save if still at revision 2' }).click()
    await page.getByText('Set at revision 3: f + 1 replicas gave').waitFor()
    await page.getByRole('button', { name: 'Older revisions' }).click()
    await page.locator('.history button').nth(1).click()
    await page.locator('.history button').nth(0).click()
    await page.getByText('From revision 2 to 3').waitFor()
    expect(await page.locator('.difference .removed').innerText()).toContain('two')
    expect(await page.locator('.difference .added').innerText()).toContain('three')
    await value.fill('mine')
    const other = await fetch(`${cluster.url}/v1/kv?key=greet%0A%FF`, { method: 'PUT', body: 'theirs' })
    expect(other.status).toBe(200)
    await page.getByText('Somebody else set the key at revision 4').waitFor()
    await page.getByRole('button', { name: 'Discard the edit' }).click()
    await page.getByRole('button', { name: 'Delete…' }).click()
    await page.getByRole('button', { name: 'Delete', exact: true }).click()
    await page.getByText('Deleted at revision 5').waitFor()
  })

  test('phases of real sequence numbers are shown, and a lease runs down', async () => {
    await page.locator('.phase.executed').first().waitFor()
    await page.getByRole('button', { name: 'Grant one of 30 seconds' }).click()
    await page.getByRole('progressbar', { name: /time left of lease/ }).waitFor()
  })

  test('equivocate is launched on the primary, convicted, held, and verified in the page', async () => {
    const convicted = page.getByText(/convicts replica \d: it signed two messages/).first()
    // A lie convicts only if both its halves arrive; and its liar is the primary no longer. So the next one may have to lie.
    for (let attempt = 1; ; attempt++) {
      await page.getByRole('button', { name: 'equivocate', exact: true }).click()
      await page.getByRole('button', { name: /^Launch equivocate on replica \d$/ }).click()
      const isSeen = await convicted.waitFor().then(
        () => true,
        () => false,
      )
      if (isSeen) break
      expect(attempt, 'no lie was convicted').toBeLessThan(4)
      await page.getByRole('button', { name: 'Make it honest again' }).click()
      await page
        .getByText('Over', { exact: true })
        .nth(attempt - 1)
        .waitFor()
    }
    await page
      .getByText(/equivocate on replica \d/)
      .first()
      .waitFor()
    await page.getByText('Its signatures convict it.').first().waitFor()
    await page.getByRole('button', { name: 'Verify in this page' }).first().click()
    await page.getByText('Proved: both signatures are valid').waitFor()
    await page.getByRole('button', { name: 'Make it honest again' }).click()
    await page.getByText('Over', { exact: true }).last().waitFor()
  })

  test('beyond f a person is asked first, and then sees what breaks', async () => {
    await page.getByRole('button', { name: 'false-majority', exact: true }).click()
    for (const replica of [2, 3]) {
      await page.locator('.attacks select').selectOption(`${replica}`)
      await page.getByRole('button', { name: `Launch false-majority on replica ${replica}…` }).click()
      await page.getByRole('button', { name: 'Break it' }).click()
      await page.getByText(`false-majority on replica ${replica}`).first().waitFor()
    }
    await page
      .getByText(/Clients believed \d+ answers that are wrong/)
      .first()
      .waitFor()
  })

  test('it fits a phone, and the browser has nothing to complain of', async () => {
    await page.setViewportSize({ width: 390, height: 800 })
    expect(await page.evaluate(WIDER_THAN_PAGE)).toEqual([])
    // A refused read of a deleted key is the browser's own line in its console.
    expect(complaints.filter((each) => !/status of (404|412|50\d)/.test(each))).toEqual([])
  })
})

describe('without their flags', () => {
  test('there is no route of attacks, and with --no-dashboard no page', async () => {
    const cluster = await startCluster('--no-dashboard')
    try {
      for (const method of ['GET', 'POST', 'DELETE']) {
        expect((await fetch(`${cluster.url}/v1/attacks`, { method })).status).toBe(404)
      }
      const page = await fetch(cluster.url, { headers: { accept: 'text/html' } })
      expect(page.status).toBe(404)
    } finally {
      await cluster.close()
    }
  })
})
