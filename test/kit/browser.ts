/** Debian's chromium, driven by playwright-core: pages as their readers have them, and everything that goes wrong in them. */
import { existsSync } from 'node:fs'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

const CHROMIUM = '/usr/bin/chromium'

/** A sentence that says why there is no browser here; null where there is one. */
export const whyNoBrowser = (): string | null =>
  existsSync(CHROMIUM) ? null : 'There is no chromium here: apt-get install chromium.'

/** Starts the browser. A sandbox inside a container needs rights that tests do not have. */
export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage'] })

export interface WatchedPage {
  readonly page: Page
  /** Errors of its scripts, what it writes to the console, violations of its policy, and requests that it makes. */
  readonly complaints: readonly string[]
}

const REPORT_VIOLATIONS = `document.addEventListener('securitypolicyviolation', (event) =>
  console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI))`

/** Opens an address in a fresh context. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => complaints.push(`console ${message.type()}: ${message.text()}`))
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`))
  page.on('requestfailed', (request) => complaints.push(`failed request: ${request.url()}`))
  await page.addInitScript({ content: REPORT_VIOLATIONS })
  await page.goto(url)
  return { page, complaints }
}
