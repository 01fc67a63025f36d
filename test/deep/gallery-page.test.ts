/** The gallery as a page in a real browser, opened from disk: every algorithm is drawn, and stepped through by keys. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { GALLERY } from '../../src/simulator/classics/gallery/catalogue.ts'
import { launchBrowser, openPage, type WatchedPage, whyNoBrowser } from '../kit/browser.ts'
import { ROOT } from '../kit/built-program.ts'
import { PATIENCE_MS } from '../kit/patience.ts'

const WHY_NOT = whyNoBrowser()
const MAIN = join(ROOT, 'dist/clients/cli/main.js')
const PHONE = { viewport: { width: 360, height: 780 }, colorScheme: 'dark' } as const

if (WHY_NOT !== null) test.skip(WHY_NOT, () => {})

describe.skipIf(WHY_NOT !== null)('the gallery', () => {
  let browser: Browser
  let folder: string
  const fileOf = (name: string): string => join(folder, `${name}.html`)

  beforeAll(async () => {
    browser = await launchBrowser()
    folder = mkdtempSync(join(tmpdir(), 'strategos-gallery-'))
    execFileSync('node', [MAIN, 'classics', '--html', fileOf('all')])
    execFileSync('node', [MAIN, 'classics', 'ricart-agrawala', '--html', fileOf('one')])
  }, PATIENCE_MS)
  afterAll(async () => {
    await browser?.close()
    if (folder !== undefined) rmSync(folder, { recursive: true })
  })

  async function looking(
    file: string,
    look: (opened: WatchedPage) => Promise<void>,
    options = {},
  ): Promise<void> {
    const opened = await openPage(browser, `file://${fileOf(file)}`, options)
    opened.page.setDefaultTimeout(PATIENCE_MS)
    try {
      await look(opened)
      expect(opened.complaints).toEqual([])
    } finally {
      await opened.page.context().close()
    }
  }

  /** The pixels by which the page is wider than its window. */
  const overflowOf = (page: Page): Promise<number> =>
    page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
  const eventsOf = (page: Page): Promise<number> => page.locator('.dialogue li:not(.heading)').count()

  test.each([
    ['a desktop', {}],
    ['a phone in the dark', PHONE],
  ])(
    'on %s, every algorithm is in the index, drawn, and broken',
    (_where, options) =>
      looking(
        'all',
        async ({ page }) => {
          await page.getByText(`${GALLERY.length} of ${GALLERY.length} algorithms hold`).waitFor()
          expect(await page.locator('.index tbody a').count()).toBe(GALLERY.length)
          expect(await overflowOf(page)).toBe(0)
          for (const { title, name } of GALLERY) {
            await page.evaluate(`location.hash = ${JSON.stringify(name)}`)
            await page.getByRole('heading', { name: title, exact: true }).waitFor()
            await page.getByText('The run holds').waitFor()
            expect(await page.locator('.space-time .moment').count()).toBeGreaterThan(0)
            await page.getByRole('button', { name: 'The run that breaks' }).click()
            await page.getByText('It broke, as it must').waitFor()
            expect(await eventsOf(page)).toBeGreaterThan(0)
            expect([name, await overflowOf(page)]).toEqual([name, 0])
          }
        },
        options,
      ),
    PATIENCE_MS,
  )

  test(
    'keys step through a run, and a larger size runs in the page',
    () =>
      looking('one', async ({ page }) => {
        await page.getByText('The run holds, with 12 messages').waitFor()
        const last = await eventsOf(page)
        await page.keyboard.press('ArrowLeft')
        await page.getByText(`${last - 1} of ${last}`).waitFor()
        expect(await page.locator('.dialogue .current').count()).toBe(1)
        await page.keyboard.press('ArrowRight')
        await page.getByText(`${last} of ${last}`).waitFor()
        await page.getByLabel('processes').fill('5')
        await page.getByLabel('processes').press('Enter')
        await page.getByText('The run holds, with 40 messages').waitFor()
        await page.getByLabel('processes').blur()
        await page.keyboard.press('b')
        await page.getByText('It broke, as it must, where one process crashes').waitFor()
      }),
    PATIENCE_MS,
  )
})
