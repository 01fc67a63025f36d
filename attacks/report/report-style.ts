/** The addition of a report's page to the style of all pages: verdicts, and the colours of its plots. */
export const REPORT_STYLE = `
:root { --accent-soft: #0b68cb1f; --attack: #e5484d1f; }
@media (prefers-color-scheme: dark) {
  :root { --accent-soft: #70b8ff26; --attack: #ff636940; }
}
.held { color: var(--good); }
.broken { color: var(--bad); font-weight: 600; }
.tables { display: flex; flex-wrap: wrap; gap: 0 3rem; align-items: flex-start; }
pre { white-space: pre-wrap; color: var(--bad); }
`
