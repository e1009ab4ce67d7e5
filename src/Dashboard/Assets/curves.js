// Live curves over optimizer steps. "train_loss" and "valid_loss" are curves of one measure and share its chart; "lr" has its own.
/* global uPlot */

const labels = { loss: "Loss", top1: "Top-1", top5: "Top-5", lr: "Learning rate", images_per_second: "Images/s", data_wait: "Waiting for data" };
const shares = new Set(["top1", "top5", "data_wait"]); // from 0 to 1, shown in per cent
const order = ["loss", "top1", "top5", "images_per_second", "lr", "data_wait"];
const tones = ["--accent", "--green", "--amber", "--red", "--blue"];
const height = 210;
const curves = new Map(); // name -> Map(step -> value)
const charts = new Map(); // measure -> { plot, card, last, names }
let since = "";

export async function drawCurves(section) {
  if (!section) return;
  const response = await fetch(`${section.dataset.metrics}?since=${since}`);
  if (!response.ok) throw new Error(`${response.status}`);
  const { next, curves: news } = await response.json();
  since = next;
  if (news.length === 0) return;
  for (const { name, steps, values } of news) {
    if (!curves.has(name)) curves.set(name, new Map());
    steps.forEach((step, i) => curves.get(name).set(step, values[i]));
  }
  section.querySelector(".empty")?.remove();
  for (const [measure, names] of byMeasure()) draw(section, measure, names);
}

function byMeasure() {
  const groups = new Map();
  for (const name of [...curves.keys()].sort()) {
    const { measure } = parts(name);
    groups.set(measure, [...(groups.get(measure) ?? []), name]);
  }
  return groups;
}

function draw(section, measure, names) {
  const steps = [...new Set(names.flatMap((name) => [...curves.get(name).keys()]))].sort((a, b) => a - b);
  // To uPlot undefined means "measured at other steps" (the line goes on), null "measured, no number" (a gap).
  const data = [steps, ...names.map((name) => steps.map((step) => curves.get(name).get(step)))];
  let chart = charts.get(measure);
  if (chart && chart.names.join() !== names.join()) {
    chart.plot.destroy();
    chart.card.remove();
    chart = undefined;
  }
  if (chart) {
    chart.plot.setData(data);
  } else {
    chart = create(section, measure, names, data);
    charts.set(measure, chart);
  }
  chart.last.textContent = names.map((name) => `${parts(name).who} ${formatOf(measure)(lastOf(curves.get(name)))}`.trim()).join(" · ");
  chart.card.dataset.points = steps.length;
}

function create(section, measure, names, data) {
  const card = document.createElement("div");
  card.className = "card chart";
  card.dataset.measure = measure;
  const head = document.createElement("div");
  head.className = "curve-head";
  const title = document.createElement("h2");
  title.textContent = labels[measure] ?? measure.replaceAll("_", " ");
  const last = document.createElement("span");
  head.append(title, last);
  const body = document.createElement("div");
  card.append(head, body);
  // Charts keep the order of their measures whichever appears first.
  section.insertBefore(card, [...section.children].find((other) => rank(other.dataset.measure) > rank(measure)) ?? null);

  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(name).trim();
  const axis = { stroke: color("--soft"), grid: { stroke: color("--line"), width: 1 }, ticks: { stroke: color("--line"), width: 1 }, font: "11px system-ui" };
  const plot = new uPlot({
    width: body.clientWidth,
    height,
    cursor: { sync: { key: "run" } },
    scales: { x: { time: false } },
    axes: [
      { ...axis, values: (_, splits) => splits.map(short) },
      { ...axis, size: 58, values: (_, splits) => splits.map((value) => (shares.has(measure) ? percent(value) : short(value))) },
    ],
    series: [
      { label: "Step", value: (_, step) => (step == null ? "–" : step.toLocaleString("en")) },
      ...names.map((name, i) => ({
        label: parts(name).who || title.textContent,
        stroke: color(tones[i % tones.length]),
        width: 1.8,
        points: { show: (_, series) => plotPoints(curves.get(names[series - 1])), size: 5 },
        value: (_, value) => formatOf(measure)(value),
      })),
    ],
  }, data, body);
  new ResizeObserver(() => plot.setSize({ width: body.clientWidth, height })).observe(body);
  return { plot, card, last, names };
}

// A curve of few points (one an epoch) shows them; a long one is a line.
const plotPoints = (points) => points.size < (sources.length > 1 ? 15 : 60);
const rank = (measure) => (order.indexOf(measure) + 1) || order.length + 1;
const parts = (name) => {
  const [, who, measure] = /^(?:(train|valid)_)?(.+)$/.exec(name);
  return { who: who ?? "", measure };
};
const lastOf = (points) => points.get([...points.keys()].reduce((a, b) => Math.max(a, b)));
const short = (value) => (value == null ? "" : Math.abs(value) >= 10000 ? `${+(value / 1000).toPrecision(4)}k` : `${+value.toPrecision(4)}`);
const percent = (value) => (value == null ? "–" : `${+(100 * value).toFixed(1)} %`);
const formatOf = (measure) => (shares.has(measure) ? percent : format);
const format = (value) => (value == null ? "–" : Math.abs(value) >= 1000 ? Math.round(value).toLocaleString("en") : `${+value.toPrecision(4)}`);
