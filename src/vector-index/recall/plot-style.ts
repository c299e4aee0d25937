/** Six hues that colour-blind eyes tell apart (Okabe and Ito, 2008), as they are on white, and lighter for black. */
const hues = [
  { light: '#0072b2', dark: '#56b4e9' },
  { light: '#d55e00', dark: '#ff9a4d' },
  { light: '#009e73', dark: '#2fd6a5' },
  { light: '#aa4499', dark: '#e38fd0' },
  { light: '#8a6d00', dark: '#f0c93a' },
  { light: '#555555', dark: '#bbbbbb' },
];

/** The class of a series' colour. */
export const hueClass = (at: number): string => `hue${at % hues.length}`;

const rules = (isDark: boolean): string => {
  const [paper, ink, faint, grid] = isDark
    ? ['#16181d', '#e8e8e8', '#a6adb8', '#333842']
    : ['#ffffff', '#1b1f24', '#5c6570', '#e3e6ea'];
  return [
    `.paper { fill: ${paper} }`,
    `text { fill: ${ink} }`,
    `.faint { fill: ${faint} }`,
    `.grid { stroke: ${grid} }`,
    `.axis, .exact { stroke: ${faint} }`,
    `.hollow { fill: ${paper} } .halo { fill: ${paper}; stroke: ${paper} }`,
    ...hues.map((hue, at) => {
      const colour = isDark ? hue.dark : hue.light;
      return `.hue${at} { stroke: ${colour} } .hue${at}.filled, text.hue${at} { fill: ${colour} } text.hue${at} { stroke: none }`;
    }),
  ].join('\n');
};

/** What a plot looks like: on a light background and, where the reader prefers it, on a dark one. */
export const plotStyle = `
text { font: 12px system-ui, 'Segoe UI', Helvetica, Arial, 'DejaVu Sans', sans-serif }
.title { font-size: 17px; font-weight: 600 }
.small { font-size: 11px }
.line { fill: none; stroke-width: 1.8 }
.dot { stroke-width: 1.8 }
.ring { fill: none; stroke-width: 1.4 }
.grid, .axis { stroke-width: 1 }
.exact { stroke-width: 1.6; stroke-dasharray: 2 4 }
.dashed { stroke-dasharray: 6 4 }
.label { font-size: 11px }
.halo { stroke-width: 3; stroke-linejoin: round }
${rules(false)}
@media (prefers-color-scheme: dark) {
${rules(true)}
}`;
