/** The pages as they were built: small enough, whole in one file, and free of Node. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { builtPages, pagePath } from '../../clients/web/bundle/built-pages.ts'
import { BROWSER_PAGES } from '../../clients/web/bundle/pages.ts'

const percent = (part: number, whole: number): string => `${Math.round((100 * part) / whole)} %`

test('every page was built', () => {
  expect(builtPages().map(({ name }) => name)).toEqual(BROWSER_PAGES.map(({ name }) => name))
})

describe.each(builtPages())('$name', ({ name, bytes, rooms, policy }) => {
  const html = readFileSync(pagePath(name), 'utf8')

  test('it is no larger than it may be', () => {
    const whole = Object.values(rooms).reduce((sum, each) => sum + each, 0)
    const core = Object.entries(rooms).reduce(
      (sum, [room, each]) => sum + (room.startsWith('src/') ? each : 0),
      0,
    )
    const shares = Object.entries(rooms).map(([room, each]) => `  ${room} ${percent(each, whole)}`)
    console.info([`${name}: ${bytes} bytes, the core ${percent(core, whole)}`, ...shares].join('\n'))
    expect(Buffer.byteLength(html)).toBe(bytes)
    expect(bytes).toBeLessThanOrEqual(BROWSER_PAGES.find((page) => page.name === name)?.bytesMax ?? 0)
  })

  test('it loads nothing, and asks Node for nothing', () => {
    expect(html).not.toMatch(/\b(src|href)="?https?:/)
    expect(html).not.toMatch(/\b(from|import|require)\s*\(?["'`](node:|[a-z])/)
    expect(html.match(/<script\b/g)).toHaveLength(1)
  })

  test('its policy names its only script and style by their hashes', () => {
    expect(html).toContain(policy)
    expect(policy).not.toContain('unsafe')
    expect(policy.match(/'sha256-/g)).toHaveLength(2)
  })
})
