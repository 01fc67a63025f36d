/** The style that every page has, on light and on dark: its colours, its type, its tables, and a focus that shows. */
export const BASE_STYLE = `
:root {
  color-scheme: light dark;
  --page: #fff; --panel: #f6f8fa; --ink: #1c2024; --faint: #60646c; --line: #dfe3e8; --accent: #0b68cb; --good: #18794e;
  --bad: #c62a2f; --warn: #955e00;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #15181c; --panel: #1d2126; --ink: #e6e8eb; --faint: #9ba1a6; --line: #30363c; --accent: #70b8ff;
    --good: #4cc38a; --bad: #ff8b8f; --warn: #ffca66;
  }
}
*, ::before, ::after { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 76rem; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; -webkit-text-size-adjust: 100%; }
h1, h2, h3 { line-height: 1.2; text-wrap: balance; }
h2 { margin-top: 2.5rem; padding-top: 1rem; border-top: 1px solid var(--line); }
a { color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.faint, caption, figcaption { color: var(--faint); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 14px; }
caption { text-align: left; padding: .5rem 0; }
th, td { padding: .2rem .7rem .2rem 0; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; }
thead th { color: var(--faint); font-weight: 500; }
@media (max-width: 32rem) { body { padding: 1rem; } }
@media (prefers-reduced-motion: reduce) {
  *, ::before, ::after { animation: none !important; transition: none !important; scroll-behavior: auto !important; }
}
`
