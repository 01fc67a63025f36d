/** Lines over the number of processes, both axes logarithmic, as an SVG that takes its colours from the page. */
import { escapeHtml } from '../html.ts'

export interface Series {
  readonly name: string
  readonly points: readonly { readonly n: number; readonly value: number }[]
}

const WIDTH = 560
const HEIGHT = 320
const MARGIN = { left: 64, right: 32, top: 12, bottom: 36 }
/** As many as the page's style has colours for. */
export const COLOURS = 8

export function logChart(title: string, series: readonly Series[]): string {
  const points = series.flatMap((one) => one.points)
  const sizes = [...new Set(points.map(({ n }) => n))].sort((a, b) => a - b)
  const values = points.map(({ value }) => value)
  const low = Math.floor(Math.log10(Math.min(...values)))
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))))
  const [least = 1, most = 10] = [sizes[0], sizes.at(-1)]
  const xOf = (n: number): number => {
    const share = most === least ? 0.5 : Math.log(n / least) / Math.log(most / least)
    return MARGIN.left + share * (WIDTH - MARGIN.left - MARGIN.right)
  }
  const yOf = (value: number): number => {
    const share = (Math.log10(value) - low) / (high - low)
    return HEIGHT - MARGIN.bottom - share * (HEIGHT - MARGIN.top - MARGIN.bottom)
  }
  const decades = Array.from({ length: high - low + 1 }, (_, index) => low + index)
  const grid = decades.map((decade) => {
    const y = yOf(10 ** decade)
    const line = `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y}" y2="${y}" class="grid"/>`
    return `${line}<text x="${MARGIN.left - 8}" y="${y + 4}" text-anchor="end">${labelOf(decade)}</text>`
  })
  const marks = sizes.map(
    (n) => `<text x="${xOf(n)}" y="${HEIGHT - MARGIN.bottom + 20}" text-anchor="middle">n = ${n}</text>`,
  )
  const lines = series.map(({ name, points: own }, index) => {
    const places = own.map(({ n, value }) => `${xOf(n).toFixed(1)},${yOf(value).toFixed(1)}`)
    const dots = own.map(
      ({ n, value }, at) =>
        `<circle cx="${places[at]?.split(',')[0]}" cy="${places[at]?.split(',')[1]}" r="3.5"><title>${escapeHtml(
          `${name}, n = ${n}: ${shown(value)}`,
        )}</title></circle>`,
    )
    return `<g class="series c${index % COLOURS}"><polyline points="${places.join(' ')}"/>${dots.join('')}</g>`
  })
  const legend = series.map(
    ({ name }, index) => `<li><span class="swatch c${index % COLOURS}"></span>${escapeHtml(name)}</li>`,
  )
  return `<figure><figcaption>${escapeHtml(title)}</figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(title)}, figures in the table below">
${[...grid, ...marks, ...lines].join('\n')}
</svg><ul class="legend">${legend.join('')}</ul></figure>`
}

const labelOf = (decade: number): string =>
  decade < 0 ? String(10 ** decade) : (10 ** decade).toLocaleString('en')

const shown = (value: number): string => (Number.isInteger(value) ? String(value) : value.toFixed(1))
