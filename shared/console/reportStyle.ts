/** The style of a report: the colours are those of the console. It has no font and no picture of its own. */
export const REPORT_STYLE = `
:root {
  color-scheme: light dark;
  --surface: light-dark(#fff, #1c1f25);
  --line: light-dark(#d9dde3, #333944);
  --text: light-dark(#1b1f27, #e6e9ee);
  --dim: light-dark(#59616e, #a0a8b6);
  --on-accent: light-dark(#fff, #10131a);
  --good: light-dark(#1b6e37, #6fd18f);
  --bad: light-dark(#b3261e, #ff8f87);
  --warn: light-dark(#805200, #f0bd5b);
  --busy: light-dark(#2456c9, #86aeff);
  font: 15px/1.45 system-ui, sans-serif;
}
body { margin: 0 auto; max-width: 75rem; padding: 16px; background: var(--surface); color: var(--text); }
h1, h2 { overflow-wrap: anywhere; line-height: 1.25; }
h2 { margin: 28px 0 8px; font-size: 1.15rem; border-top: 1px solid var(--line); padding-top: 12px; }
p, summary { overflow-wrap: anywhere; white-space: pre-line; }
.state { font-size: 1.25rem; margin: 0; }
.dim { color: var(--dim); }
.good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); } .busy { color: var(--busy); }
.scroll { overflow: auto; }
svg { display: block; width: 100%; overflow: visible; }
svg svg { overflow: hidden; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: 6px 10px; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
th { color: var(--dim); white-space: nowrap; }
td { white-space: pre-line; overflow-wrap: anywhere; min-width: 6rem; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: 4px 0 12px; padding: 8px; border: 1px solid var(--line); }
dl { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: 4px 16px; margin: 0; }
dt { color: var(--dim); overflow-wrap: anywhere; }
dd { margin: 0; overflow-wrap: anywhere; white-space: pre-line; }
@media (max-width: 40rem) { svg svg text { display: none; } }
@media print { :root { color-scheme: light; } }
`;
