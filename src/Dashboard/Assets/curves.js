// Live curves over optimizer steps, of one run or of several over each other. "train_loss" and "valid_loss" are curves of one measure and share its chart; "lr" has its own.
/* global uPlot */

const labels = { loss: "Loss", top1: "Top-1", top5: "Top-5", ece: "Calibration error", real_top1: "Several right answers, top-1", real_top5: "Several right answers, top-5", lr: "Learning rate", images_per_second: "Images/s", data_wait: "Waiting for data", gradient_norm: "Gradient norm" };
const shares = new Set(["top1", "top5", "ece", "real_top1", "real_top5", "data_wait"]); // from 0 to 1, shown in per cent
const order = ["loss", "top1", "top5", "ece", "real_top1", "real_top5", "images_per_second", "lr", "gradient_norm", "data_wait"];
const tones = ["--accent", "--green", "--amber", "--red", "--blue", "--grey"];
const height = 210;
const curves = new Map(); // run and name -> { run, name, points: Map(step -> value) }
const charts = new Map(); // measure -> { plot, card, last, keys }
let sources; // the runs whose curves the page shows: one on a job's page, several where runs are compared

export async function drawCurves(section) {
  if (!section) return;
  sources ??= (section.dataset.runs ? JSON.parse(section.dataset.runs) : [{ name: "", url: section.dataset.metrics }]).map((run, number) => ({ ...run, number, since: "" }));
  const news = await Promise.all(sources.map(fetchNew));
  if (!news.some((isNew) => isNew)) return;
  section.querySelector(".empty")?.remove();
  for (const [measure, keys] of byMeasure()) draw(section, measure, keys);
}

async function fetchNew(run) {
  const response = await fetch(`${run.url}?since=${run.since}`);
  if (!response.ok) throw new Error(`${response.status}`);
  const { next, curves: news } = await response.json();
  run.since = next;
  for (const { name, steps, values } of news) {
    const key = `${run.number} ${name}`;
    if (!curves.has(key)) curves.set(key, { run, name, points: new Map() });
    steps.forEach((step, i) => curves.get(key).points.set(step, values[i]));
  }
  return news.length > 0;
}

function byMeasure() {
  const groups = new Map();
  for (const key of [...curves.keys()].sort()) {
    const { measure } = parts(curves.get(key).name);
    groups.set(measure, [...(groups.get(measure) ?? []), key]);
  }
  return groups;
}

function draw(section, measure, keys) {
  const steps = [...new Set(keys.flatMap((key) => [...curves.get(key).points.keys()]))].sort((a, b) => a - b);
  // To uPlot undefined means "measured at other steps" (the line goes on), null "measured, no number" (a gap).
  const data = [steps, ...keys.map((key) => steps.map((step) => curves.get(key).points.get(step)))];
  let chart = charts.get(measure);
  if (chart && chart.keys.join() !== keys.join()) {
    chart.plot.destroy();
    chart.card.remove();
    chart = undefined;
  }
  if (chart) {
    chart.plot.setData(data);
  } else {
    chart = create(section, measure, keys, data);
    charts.set(measure, chart);
  }
  // Of several runs the legend and the table above say what is what; here would be no room.
  chart.last.textContent = sources.length > 1 ? "" : keys.map((key) => `${labelOf(key)} ${formatOf(measure)(lastOf(curves.get(key).points))}`.trim()).join(" · ");
  chart.card.dataset.points = steps.length;
}

function create(section, measure, keys, data) {
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
      ...keys.map((key, i) => ({
        label: labelOf(key) || title.textContent,
        stroke: color(tones[(sources.length > 1 ? curves.get(key).run.number : i) % tones.length]),
        // A run has one colour: its training is the dashed line.
        dash: sources.length > 1 && parts(curves.get(key).name).who === "train" ? [4, 4] : undefined,
        width: 1.8,
        points: { show: (_, series) => plotPoints(curves.get(keys[series - 1]).points), size: 5 },
        value: (_, value) => formatOf(measure)(value),
      })),
    ],
  }, data, body);
  new ResizeObserver(() => plot.setSize({ width: body.clientWidth, height })).observe(body);
  return { plot, card, last, keys };
}

// A curve of few points (one an epoch) shows them; a long one is a line.
const plotPoints = (points) => points.size < (sources.length > 1 ? 15 : 60);
const rank = (measure) => (order.indexOf(measure) + 1) || order.length + 1;
const parts = (name) => {
  const [, who, measure] = /^(?:(train|valid(?:_average|_trained)?)_)?(.+)$/.exec(name);
  return { who: (who ?? "").replace("_", " "), measure };
};
const labelOf = (key) => [curves.get(key).run.name, parts(curves.get(key).name).who].filter(Boolean).join(" ");
const lastOf = (points) => points.get([...points.keys()].reduce((a, b) => Math.max(a, b)));
const short = (value) => (value == null ? "" : Math.abs(value) >= 10000 ? `${+(value / 1000).toPrecision(4)}k` : `${+value.toPrecision(4)}`);
const percent = (value) => (value == null ? "–" : `${+(100 * value).toFixed(1)} %`);
const formatOf = (measure) => (shares.has(measure) ? percent : format);
const format = (value) => (value == null ? "–" : Math.abs(value) >= 1000 ? Math.round(value).toLocaleString("en") : `${+value.toPrecision(4)}`);
