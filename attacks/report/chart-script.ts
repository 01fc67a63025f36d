/** The script of a report's page: it draws each run's throughput, with the attack shaded. */
export const CHART_SCRIPT = `
const runs = JSON.parse(document.getElementById('runs').textContent)
const dark = matchMedia('(prefers-color-scheme: dark)')
let plots = []

function draw() {
  for (const plot of plots) plot.destroy()
  const style = getComputedStyle(document.documentElement)
  const colour = (name) => style.getPropertyValue(name).trim()
  plots = [...document.querySelectorAll('[data-run]')].map((place) => drawRun(place, colour))
}

function drawRun(place, colour) {
  const { stepMs, opsPerSecond, attackFromMs, attackToMs, views } = runs[Number(place.dataset.run)]
  const seconds = opsPerSecond.map((_, step) => ((step + 0.5) * stepMs) / 1000)
  const axis = { stroke: colour('--faint'), grid: { stroke: colour('--line') }, ticks: { stroke: colour('--line') } }
  const shade = (plot) => {
    const { ctx, bbox } = plot
    const from = plot.valToPos(attackFromMs / 1000, 'x', true)
    const to = plot.valToPos(attackToMs / 1000, 'x', true)
    ctx.save()
    ctx.fillStyle = colour('--attack')
    ctx.fillRect(from, bbox.top, to - from, bbox.height)
    ctx.restore()
  }
  const mark = (plot) => {
    const { ctx, bbox } = plot
    ctx.save()
    ctx.strokeStyle = ctx.fillStyle = colour('--bad')
    ctx.textAlign = 'left'
    ctx.font = 11 * devicePixelRatio + 'px system-ui'
    for (const { atMs, view } of views) {
      if (atMs < 0 || view === 0) continue
      const at = plot.valToPos(atMs / 1000, 'x', true)
      ctx.beginPath()
      ctx.moveTo(at, bbox.top)
      ctx.lineTo(at, bbox.top + bbox.height)
      ctx.stroke()
      ctx.fillText(' view ' + view, at, bbox.top + 12 * devicePixelRatio)
    }
    ctx.restore()
  }
  return new uPlot(
    {
      width: place.clientWidth,
      height: 200,
      scales: { x: { time: false }, y: { range: (_, _min, max) => [0, Math.max(10, max * 1.1)] } },
      axes: [{ ...axis, values: (_, marks) => marks.map((second) => second + ' s') }, { ...axis, size: 60 }],
      series: [
        { label: 'second' },
        { label: 'operations a second', stroke: colour('--accent'), width: 2, fill: colour('--accent-soft'), points: { show: false } },
      ],
      hooks: { drawClear: [shade], draw: [mark] },
    },
    [seconds, opsPerSecond],
    place,
  )
}

draw()
dark.addEventListener('change', draw)
addEventListener('resize', draw)
`
