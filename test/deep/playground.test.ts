/**
 * The playground in a real browser, opened from disk: the run in the page is the simulator's, step by step, both ways;
 * every level can be finished; and nothing goes wrong in it.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SWARM } from '../../attacks/run/simulated/swarm.ts'
import { pagePath } from '../../clients/web/bundle/built-pages.ts'
import { encodePlan } from '../../src/simulator/plan/plan-file.ts'
import { decodePlanLink } from '../../src/simulator/plan/plan-link.ts'
import { launchBrowser, openPage, type WatchedPage, whyNoBrowser } from '../kit/browser.ts'
import { ROOT } from '../kit/built-program.ts'
import { PATIENCE_MS } from '../kit/patience.ts'

const WHY_NOT = whyNoBrowser()
const MAIN = join(ROOT, 'dist/clients/cli/main.js')
const PAGE = `file://${pagePath('playground')}`
const LEVELS = ['crash', 'liar', 'pair', 'slow', 'oral', 'beyond']
const SIZES = [
  { name: 'desktop', viewport: { width: 1280, height: 900 } },
  { name: 'phone', viewport: { width: 360, height: 780 } },
]

/** The steps that have happened and the hash over them, as the page shows them. */
async function shown(page: Page): Promise<{ readonly steps: number; readonly hash: string }> {
  const steps = await page.locator('.slider input').inputValue()
  return { steps: Number(steps), hash: (await page.locator('code.trace').textContent()) ?? '' }
}

const link = (page: Page): Promise<string> =>
  page
    .getByRole('link', { name: 'Link to this moment' })
    .getAttribute('href')
    .then((href) => (href ?? '').slice(1))

if (WHY_NOT !== null) test.skip(WHY_NOT, () => {})

describe.skipIf(WHY_NOT !== null)('the playground', () => {
  let browser: Browser
  let folder: string

  beforeAll(async () => {
    browser = await launchBrowser()
    folder = mkdtempSync(join(tmpdir(), 'strategos-playground-'))
  })
  afterAll(async () => {
    await browser?.close()
    if (folder !== undefined) rmSync(folder, { recursive: true })
  })

  /** Opens it without the guided minute, closes it behind the test, and expects that nothing went wrong in it. */
  async function playing(
    url: string,
    play: (opened: WatchedPage) => Promise<void>,
    options = {},
  ): Promise<void> {
    const opened = await openPage(browser, url, { ...SIZES[0], ...options })
    opened.page.setDefaultTimeout(PATIENCE_MS)
    try {
      await play(opened)
      expect(opened.complaints).toEqual([])
    } finally {
      await opened.page.context().close()
    }
  }

  /** The hash of the command line's run of the page's plan after so many steps. */
  async function simulated(page: Page, steps: number): Promise<string> {
    const opened = decodePlanLink(await link(page), SWARM)
    if (opened === null || typeof opened === 'string') throw new Error(`no plan in the link: ${opened}`)
    const file = join(folder, 'plan.json')
    writeFileSync(file, encodePlan(opened.plan))
    const output = execFileSync('node', [MAIN, 'simulate', '--plan', file, '--steps', `${steps}`, '--json'], {
      encoding: 'utf8',
    })
    const moment = JSON.parse(output) as { readonly steps: number; readonly traceHash: string }
    expect(moment.steps).toBe(steps)
    return moment.traceHash
  }

  test('steps forwards and backwards through the same run as the simulator', () =>
    playing(PAGE, async ({ page }) => {
      await page.getByRole('button', { name: 'Skip' }).click()
      const seen = [await shown(page)]
      for (let step = 0; step < 25; step++) {
        await page.keyboard.press('ArrowRight')
        seen.push(await shown(page))
      }
      expect(new Set(seen.map(({ steps }) => steps)).size).toBe(seen.length)
      for (const former of seen.slice(0, -1).reverse()) {
        await page.keyboard.press('ArrowLeft')
        expect(await shown(page)).toEqual(former)
      }
      for (const each of [seen[3], seen[12], seen[25]]) {
        expect(await simulated(page, each?.steps ?? -1)).toBe(each?.hash)
      }
      // The slider goes anywhere, and back.
      await page.locator('.slider input').fill('900')
      const far = await shown(page)
      expect(await simulated(page, far.steps)).toBe(far.hash)
      await page.keyboard.press('r')
      expect(await shown(page)).toEqual(seen[0])
    }))

  test('what is done to a message is part of the plan, which the link carries', async () => {
    let address = ''
    let before = { steps: 0, hash: '' }
    await playing(PAGE, async ({ page }) => {
      await page.getByRole('button', { name: 'Skip' }).click()
      while ((await page.locator('.message.pre-prepare').count()) === 0)
        await page.keyboard.press('ArrowRight')
      before = await shown(page)
      await page.locator('.message.pre-prepare').first().click({ force: true })
      const facts = page.locator('.facts')
      expect(await facts.innerText()).toMatch(/PRE-PREPARE[\s\S]*view\s+0[\s\S]*sequence\s+1[\s\S]*signature/)
      for (const name of ['Delay it 50 ms', 'Deliver it next', 'Drop it']) {
        await page.getByRole('button', { name }).click()
        // Nothing of the past has changed by it.
        expect(await shown(page)).toEqual(before)
      }
      expect(await page.locator('.changes').innerText()).toMatch(/message \d+: drop/)
      await page.keyboard.press('ArrowRight')
      const later = await shown(page)
      expect(await simulated(page, later.steps)).toBe(later.hash)
      address = await link(page)
      before = later
    })
    await playing(`${PAGE}#${address}`, async ({ page }) => {
      expect(await shown(page)).toEqual(before)
      expect(await page.locator('.changes').innerText()).toMatch(/message \d+: drop/)
    })
  })

  test.each(LEVELS)('the level %s can be finished', (level) =>
    playing(PAGE, async ({ page }) => {
      await page.getByRole('button', { name: 'Skip' }).click()
      await page.locator(`[data-level="${level}"]`).click()
      for (let step = 0; step < 8; step++) await page.keyboard.press('ArrowRight')
      const outcome = page.locator('[data-outcome]')
      expect(await outcome.getAttribute('data-outcome')).toBe('open')
      await page.getByRole('button', { name: 'Do it for me' }).click()
      await page.locator('[data-outcome="done"]').waitFor()
      const sentence = await outcome.innerText()
      if (level === 'beyond') expect(sentence).toMatch(/It broke, as it must/)
      else expect(sentence).toMatch(/held|answered|closed form/)
      // The checkers of the command line say the same of the plan.
      const opened = decodePlanLink(await link(page), SWARM)
      if (opened === null || typeof opened === 'string') throw new Error('the link holds no run')
      expect(opened.level).toBe(level)
    }),
  )

  test('by hand: the primary is stopped, and another replica is made to lie', () =>
    playing(PAGE, async ({ page }) => {
      await page.getByRole('button', { name: 'Skip' }).click()
      for (let step = 0; step < 8; step++) await page.keyboard.press('ArrowRight')
      await page.locator('.node').first().click()
      await page.getByRole('button', { name: 'Stop it here' }).click()
      await page.locator('[data-outcome="done"]').waitFor()
      await page.locator('[data-level="liar"]').click()
      await page.locator('.node').first().click()
      await page.getByLabel('Attack').selectOption('equivocate')
      await page.getByRole('button', { name: 'Make it lie from here' }).click()
      await page.locator('[data-outcome="done"]').waitFor()
      expect(await page.locator('[data-outcome]').innerText()).toMatch(/convict it/)
    }))

  test('the command line writes it with a seed opened', () =>
    playing(openedSeed(), async ({ page }) => {
      const opened = decodePlanLink(await link(page), SWARM)
      expect(typeof opened === 'object' && opened?.plan.seed).toBe(5)
    }))

  function openedSeed(): string {
    const file = join(folder, 'seed.html')
    execFileSync('node', [MAIN, 'simulate', '--seed', '5', '--replicas', '4', '--playground', file])
    return `file://${file}`
  }

  test('plays by itself, and the guided minute leads through the first request', () =>
    playing(PAGE, async ({ page }) => {
      for (let caption = 1; caption < 7; caption++) {
        await page.locator('.tour').getByText(`${caption}/7`).waitFor()
        await page.getByRole('button', { name: 'Next' }).click()
      }
      await page.locator('.tour').getByRole('button', { name: 'Play' }).click()
      const { steps } = await shown(page)
      await page.keyboard.press(' ')
      await expect
        .poll(async () => (await shown(page)).steps, { timeout: PATIENCE_MS })
        .toBeGreaterThan(steps)
    }))

  test.each(
    SIZES.flatMap(({ name, viewport }) =>
      (['light', 'dark'] as const).map((colorScheme) => ({ name, viewport, colorScheme })),
    ),
  )('nothing is wider than the page: $name, $colorScheme', ({ viewport, colorScheme }) =>
    playing(
      PAGE,
      async ({ page }) => {
        for (const level of LEVELS.slice(0, 3)) {
          await page.locator(`[data-level="${level}"]`).click()
          await page.locator('.node').first().click()
          // Far enough for logs with several rows.
          await page.locator('.slider input').fill('300')
          await page.locator('.slot').first().waitFor()
          const width = await page.evaluate<number>('document.documentElement.scrollWidth')
          expect(width).toBeLessThanOrEqual(viewport.width)
        }
      },
      { viewport, colorScheme },
    ),
  )

  test('a link that is not whole is refused with a sentence', () =>
    playing(`${PAGE}#step=3&plan=bm9uc2Vuc2U`, async ({ page }) => {
      expect(await page.locator('.finding.warn').innerText()).toMatch(
        /The link's plan cannot be run. It is not JSON/,
      )
    }))
})
