// Draws what fes_ctrl/report/series.py describes: panels that zoom and point together.
"use strict";
(() => {
  const groups = new Map();
  const PAPER = 660; // what fits between the margins of A4 and of letter, upright

  const colour = (name) =>
    getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const minus = (text) => text.replace("-", "\u2212");

  // Differences with the sign in the lowest bit, seven bits a byte; as doubles, for they may
  // need more than 32 bits.
  function unpack(packed, n, scale) {
    const bytes = atob(packed);
    const out = new Array(n);
    let at = 0, sum = 0;
    for (let i = 0; i < n; i++) {
      let value = 0, weight = 1, byte;
      do {
        byte = bytes.charCodeAt(at++);
        value += (byte & 127) * weight;
        weight *= 128;
      } while (byte & 128);
      sum += value % 2 ? -(value + 1) / 2 : value / 2;
      out[i] = sum * scale;
    }
    return out;
  }

  function table(line) {
    const t = line.t.packed === undefined
      ? Array.from({ length: line.n }, (_, i) => line.t.from + i * line.t.every)
      : unpack(line.t.packed, line.n, line.t.step).map((t) => line.t.from + t);
    const y = unpack(line.y, line.n, line.step);
    for (const [from, to] of line.gaps) y.fill(null, from, to);
    return [t, y];
  }

  function strideAt(data, t) {
    return data.strides.find(([, from, to]) => from <= t && t < to);
  }

  function shade(u, data, chosen) {
    const { left, top, width, height } = u.bbox;
    const px = (t) => Math.min(left + width, Math.max(left, u.valToPos(t, "x", true)));
    const { min, max } = u.scales.x;
    u.ctx.save();
    u.ctx.fillStyle = colour("--shade");
    for (const [from, to] of data.shades) {
      if (to > min && from < max) u.ctx.fillRect(px(from), top, px(to) - px(from), height);
    }
    if (chosen) {
      u.ctx.fillStyle = colour("--chosen");
      u.ctx.fillRect(px(chosen[1]), top, px(chosen[2]) - px(chosen[1]), height);
    }
    u.ctx.restore();
  }

  function cross(u, data, named) {
    const { left, top, width, height } = u.bbox;
    const ratio = uPlot.pxRatio;
    u.ctx.save();
    u.ctx.font = `${11 * ratio}px system-ui, sans-serif`;
    u.ctx.lineWidth = ratio;
    const ends = [];
    for (const [t, name, kind] of data.marks) {
      const x = u.valToPos(t, "x", true);
      if (x < left || x > left + width) continue;
      u.ctx.strokeStyle = u.ctx.fillStyle = colour(`--${kind}`);
      u.ctx.setLineDash(kind === "fault" ? [] : kind === "injection" ? [6, 4] : [2, 3]);
      u.ctx.beginPath();
      u.ctx.moveTo(x, top);
      u.ctx.lineTo(x, top + height);
      u.ctx.stroke();
      if (!named) continue;
      const wide = u.ctx.measureText(name).width + 6 * ratio;
      const from = x + wide > left + width ? x - wide : x;
      let row = ends.findIndex((end) => end <= from);
      if (row < 0) row = ends.length;
      if (row > 2) continue;
      ends[row] = from + wide;
      const ink = u.ctx.fillStyle;
      u.ctx.fillStyle = colour("--page");
      u.ctx.fillRect(from + ratio, top + (1 + 13 * row) * ratio, wide - 2 * ratio, 13 * ratio);
      u.ctx.fillStyle = ink;
      u.ctx.fillText(name, from + 3 * ratio, top + (11 + 13 * row) * ratio);
    }
    u.ctx.restore();
  }

  // Numbers of strides where they begin, as many as there is room for.
  function strideSplits(u, data) {
    const { min, max } = u.scales.x;
    const seen = data.strides.filter(([, from, to]) => (from + to) / 2 >= min && (from + to) / 2 <= max);
    const room = Math.max(1, Math.floor(u.bbox.width / uPlot.pxRatio / 44));
    const every = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000].find((k) => seen.length / k <= room) || 10000;
    return seen.filter(([number]) => number % every === 0 || every === 1);
  }

  function options(data, panel, index, group, width) {
    const last = index === data.panels.length - 1;
    const first = index === 0;
    // Names of marks need room above what is drawn.
    const high = panel.high + (first && data.marks.length ? 0.32 * (panel.high - panel.low) : 0);
    const named = Object.keys(panel.names).length > 0;
    const font = "12px system-ui, sans-serif";
    const axis = { stroke: () => colour("--soft"), font, labelFont: font, ticks: { show: true, size: 4, stroke: () => colour("--rule"), width: 1 } };
    const grid = { show: true, stroke: () => colour("--grid"), width: 1 };
    const axes = [
      {
        ...axis, grid, size: last ? 32 : 26, label: last ? "time, s" : undefined, labelSize: 18, space: 60,
        values: (_, ticks) => ticks.map((t) => minus(String(+t.toFixed(4)))),
      },
      {
        ...axis, grid, size: 56, gap: 4, space: 26,
        splits: named ? () => Object.keys(panel.names).map(Number) : undefined,
        values: (_, ticks) => ticks.map((v) => panel.names[v] || minus(String(+v.toPrecision(6)))),
      },
    ];
    if (first && data.strides.length) {
      axes.push({
        ...axis, scale: "x", side: 0, size: 26, label: "stride", labelSize: 18, grid: { show: false },
        splits: (u) => strideSplits(u, data).map(([, from, to]) => (from + to) / 2),
        values: (u) => strideSplits(u, data).map(([number]) => String(number)),
      });
    }
    const series = [{ label: "time", value: (_, t) => (t == null ? "–" : `${t.toFixed(3)} s`) }];
    for (const line of panel.lines) {
      const stroke = () => colour(`--c${line.colour}`);
      series.push({
        label: line.name, stroke, width: line.dots ? 0 : 1.5,
        dash: line.dashed ? [7, 4] : undefined,
        fill: line.filled ? () => colour(`--f${line.colour}`) : undefined,
        points: line.dots ? { show: true, size: 6, stroke, fill: line.dashed ? () => colour("--page") : stroke } : { stroke, size: 4 },
        value: (_, v) => (v == null ? "–" : named ? panel.names[Math.round(v)] : minus(v.toFixed(line.digits))),
      });
    }
    return {
      width, height: panel.height + (last ? 50 : 26) + (first && data.strides.length ? 44 : 0),
      series, axes,
      scales: { x: { time: false, range: (_, min, max) => [min, max] }, y: { range: [panel.low, high] } },
      legend: { markers: { width: 2, dash: (_, i) => (i > 0 && panel.lines[i - 1].dashed ? "dashed" : "solid") } },
      cursor: {
        y: false,
        drag: { x: true, y: false, setScale: false },
        bind: { dblclick: () => () => show(group, group.from, group.to) },
        sync: { key: data.key, filters: { pub: (type) => type === "mousemove" || type === "mouseleave" } },
      },
      hooks: {
        drawClear: [(u) => shade(u, data, group.chosen && group.chosen.data === data ? group.chosen.stride : null)],
        draw: [(u) => cross(u, data, first)],
        setSelect: [(u) => {
          if (u.select.width < 3) return;
          show(group, u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x"));
        }],
      },
    };
  }

  function show(group, from, to) {
    const whole = group.to - group.from;
    const span = Math.min(whole, Math.max(Math.min(0.05, whole), to - from));
    from = Math.min(Math.max(group.from, from), group.to - span);
    group.view = [from, from + span];
    for (const u of group.plots) {
      u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      u.setScale("x", { min: from, max: from + span });
    }
    for (const part of group.parts) tell(part);
  }

  function tell(part, problem) {
    const [from, to] = part.group.view;
    const seen = part.data.strides.filter(([, a, b]) => a < to && b > from);
    const strides = seen.length === 0 ? "" : seen.length === 1
      ? `, stride ${seen[0][0]}`
      : `, strides ${seen[0][0]} to ${seen[seen.length - 1][0]}`;
    part.output.textContent = problem || minus(`${from.toFixed(2)} to ${to.toFixed(2)} s${strides}`);
  }

  function showStride(part, number) {
    const found = part.data.strides.find(([known]) => known === number);
    if (!found) {
      const known = part.data.strides;
      tell(part, `there is no stride ${number}: ${known[0][0]} to ${known[known.length - 1][0]}`);
      return false;
    }
    const room = 0.25 * (found[2] - found[1]);
    part.group.chosen = { data: part.data, stride: found };
    show(part.group, found[1] - room, found[2] + room);
    return true;
  }

  function act(part, what) {
    const { group } = part;
    const [from, to] = group.view;
    const span = to - from;
    if (what === "all") { group.chosen = null; show(group, group.from, group.to); }
    if (what === "in") show(group, from + span / 4, to - span / 4);
    if (what === "out") show(group, from - span / 2, to + span / 2);
    if (what === "back") show(group, from - span / 2, to - span / 2);
    if (what === "on") show(group, from + span / 2, to + span / 2);
  }

  function draw(element) {
    const data = JSON.parse(element.querySelector("script").textContent);
    if (!groups.has(data.key)) groups.set(data.key, { from: data.from, to: data.to, plots: [], parts: [], chosen: null, view: [data.from, data.to] });
    const group = groups.get(data.key);
    group.from = Math.min(group.from, data.from);
    group.to = Math.max(group.to, data.to);
    group.first = group.first || data.view;
    const part = { element, data, group, output: element.querySelector("output") };
    group.parts.push(part);
    const places = element.querySelectorAll(".panel");
    data.panels.forEach((panel, index) => {
      const place = places[index];
      const heading = document.createElement("p");
      heading.className = "panel-title";
      heading.textContent = panel.unit ? `${panel.title}, ${panel.unit}` : panel.title;
      if (panel.remark) {
        const remark = document.createElement("small");
        remark.textContent = `  ${panel.remark}`;
        heading.append(remark);
      }
      place.append(heading);
      const values = uPlot.join(panel.lines.map(table));
      const plot = new uPlot(options(data, panel, index, group, place.clientWidth), values, place);
      group.plots.push(plot);
      new ResizeObserver(() => {
        const width = place.clientWidth;
        if (width > 0 && width !== plot.width) plot.setSize({ width, height: plot.height });
      }).observe(place);
    });
    for (const button of element.querySelectorAll("[data-do]")) {
      button.addEventListener("click", () => act(part, button.dataset.do));
    }
    const form = element.querySelector("form");
    if (form) {
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        const number = Number(form.querySelector("input").value);
        if (showStride(part, number)) {
          history.replaceState(null, "", `#${data.leg ? `${data.leg}-` : ""}stride-${number}`);
        }
      });
    }
  }

  function follow() {
    const found = /^#(?:(\w+)-)?stride-(\d+)$/.exec(location.hash);
    if (!found) return;
    for (const group of groups.values()) {
      for (const part of group.parts) {
        if (!part.data.strides.length || (found[1] && part.data.leg && found[1] !== part.data.leg)) continue;
        showStride(part, Number(found[2]));
        part.element.scrollIntoView();
        return;
      }
    }
  }

  function redraw() {
    for (const group of groups.values()) for (const u of group.plots) u.redraw(false, true);
  }

  for (const element of document.querySelectorAll(".series")) draw(element);
  for (const group of groups.values()) show(group, ...(group.first || [group.from, group.to]));
  follow();
  addEventListener("hashchange", follow);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  // Paper is white: what is drawn on a canvas has to be drawn once more for it.
  const paper = (on) => {
    document.documentElement.classList.toggle("paper", on);
    for (const group of groups.values()) {
      for (const u of group.plots) {
        const wide = u.root.parentElement.clientWidth;
        u.setSize({ width: on ? Math.min(wide, PAPER) : wide, height: u.height });
      }
    }
    redraw();
  };
  addEventListener("beforeprint", () => paper(true));
  addEventListener("afterprint", () => paper(false));
  document.documentElement.dataset.drawn = "yes";
})();
