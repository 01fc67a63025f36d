/** Pictures of a page as it changes, each reduced to the rectangle that differs from the one before. */
import type { Browser, Page } from 'playwright-core'
import { animatedPng, type Frame } from './animated-png.ts'

/** Compares two pictures in a page, and returns null, or what changed: a rectangle, transparent where nothing did, in base64. */
const CHANGED = `async ([before, after]) => {
  const read = async (png) => {
    const image = new Image()
    image.src = 'data:image/png;base64,' + png
    await image.decode()
    const context = new OffscreenCanvas(image.width, image.height).getContext('2d', { willReadFrequently: true })
    context.drawImage(image, 0, 0)
    return context.getImageData(0, 0, image.width, image.height)
  }
  const now = await read(after)
  const { width, height } = now
  let [left, top, right, bottom] = [0, 0, width, height]
  if (before !== null) {
    const pixels = new Uint32Array(now.data.buffer)
    const were = new Uint32Array((await read(before)).data.buffer)
    ;[left, top, right, bottom] = [width, height, 0, 0]
    for (let index = 0; index < pixels.length; index++) {
      if (pixels[index] === were[index]) {
        pixels[index] = 0
        continue
      }
      const [x, y] = [index % width, Math.floor(index / width)]
      left = Math.min(left, x)
      right = Math.max(right, x + 1)
      top = Math.min(top, y)
      bottom = Math.max(bottom, y + 1)
    }
    if (right === 0) return null
  }
  const part = new OffscreenCanvas(right - left, bottom - top)
  part.getContext('2d').putImageData(now, -left, -top)
  const bytes = new Uint8Array(await (await part.convertToBlob({ type: 'image/png' })).arrayBuffer())
  let text = ''
  for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768))
  return { left, top, png: btoa(text) }
}`

export class ScreenRecorder {
  readonly #page: Page
  readonly #shots: { readonly png: string; ms: number }[] = []

  constructor(page: Page) {
    this.#page = page
  }

  /** Takes a picture that is shown for a time, in milliseconds. */
  async shoot(ms: number): Promise<void> {
    const png = await this.#page.screenshot({ type: 'png' })
    this.#shots.push({ png: png.toString('base64'), ms })
  }

  /** Returns the pictures so far as one animated image. */
  async animation(browser: Browser): Promise<Buffer> {
    const easel = await browser.newPage()
    const frames: (Omit<Frame, 'ms'> & { ms: number })[] = []
    let before: string | null = null
    for (const { png, ms } of this.#shots) {
      const changed = (await easel.evaluate(`(${CHANGED})(${JSON.stringify([before, png])})`)) as {
        readonly left: number
        readonly top: number
        readonly png: string
      } | null
      const last = frames.at(-1)
      if (changed !== null)
        frames.push({ left: changed.left, top: changed.top, png: Buffer.from(changed.png, 'base64'), ms })
      else if (last !== undefined) last.ms += ms
      before = png
    }
    await easel.close()
    return animatedPng(frames)
  }
}
