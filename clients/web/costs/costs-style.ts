/** The costs page's addition to the style of all pages: the colours of its series, its charts and its time lines. */
export const COSTS_STYLE = `
:root {
  --c0: #0b68cb; --c1: #b4540a; --c2: #18794e; --c3: #a12a8c; --c4: #5b5bd6; --c5: #8a6d00; --c6: #c62a2f; --c7: #0f7c8a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --c0: #70b8ff; --c1: #ffa057; --c2: #4cc38a; --c3: #ee8fd6; --c4: #b1a9ff; --c5: #f0d257; --c6: #ff8b8f; --c7: #4ccce6;
  }
}
.differs { color: var(--bad); font-weight: 600; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(22rem, 1fr)); gap: 1rem 2rem; }
.lines { display: flex; flex-wrap: wrap; gap: 0 3rem; }
.lines figure { max-width: 100%; }
figure { margin: 1rem 0; }
figcaption { font-weight: 500; }
svg { max-width: none; font: 12px system-ui, sans-serif; }
.charts svg { width: 100%; height: auto; }
svg text { fill: var(--faint); }
svg .clock { font-size: 9px; }
.grid { stroke: var(--line); }
.series polyline { fill: none; stroke: var(--colour); stroke-width: 2; }
.series circle, svg circle { fill: var(--colour); }
.message { stroke: var(--colour); stroke-width: 1.4; }
.decision { fill: var(--ink); background: var(--ink); }
.legend { list-style: none; margin: .3rem 0; padding: 0; display: flex; flex-wrap: wrap; gap: .1rem 1rem; font-size: 13px; }
.swatch { display: inline-block; width: .8rem; height: .8rem; border-radius: 2px; margin-right: .4rem; }
.swatch:not(.decision) { background: var(--colour); }
.c0 { --colour: var(--c0); } .c1 { --colour: var(--c1); } .c2 { --colour: var(--c2); } .c3 { --colour: var(--c3); }
.c4 { --colour: var(--c4); } .c5 { --colour: var(--c5); } .c6 { --colour: var(--c6); } .c7 { --colour: var(--c7); }
`
