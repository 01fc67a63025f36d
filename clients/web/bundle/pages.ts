/** The pages that a browser draws by itself, by the name of their folder in `browser/`. */

export interface BrowserPage {
  /** Its folder in `browser/`, which has a `page.tsx` and a `page.css`, and its file among the built ones. */
  readonly name: string
  readonly title: string
  /** One sentence. */
  readonly description: string
  /** True if the page asks the server that it comes from. */
  readonly connects: boolean
  /** The bytes that the built page may have. */
  readonly bytesMax: number
}

export const BROWSER_PAGES: readonly BrowserPage[] = [
  {
    name: 'playground',
    title: 'strategos playground',
    description:
      'Replicas that agree while some of them lie: the real protocol, step by step, in this browser.',
    connects: false,
    bytesMax: 750_000,
  },
  {
    name: 'dashboard',
    title: 'strategos',
    description:
      'The cluster behind this gateway as it runs: its replicas, its service, its keys, and its evidence.',
    connects: true,
    bytesMax: 250_000,
  },
  {
    name: 'gallery',
    title: 'Gallery of classical algorithms',
    description:
      'The classical algorithms of distributed systems: each is run, drawn, checked in all runs within bounds, and broken at its bound.',
    connects: false,
    bytesMax: 300_000,
  },
]
