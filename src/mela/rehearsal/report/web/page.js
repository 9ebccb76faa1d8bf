"use strict";
(() => {
  const D = JSON.parse(document.getElementById("data").textContent);
  const IST_S = 19800, DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
  const runs = D.runs, first = runs[0];
  const value = {}; for (let i = 0; i < 64; i++) value[DIGITS[i]] = i;

  // ---- data
  for (const run of runs) {
    run.at = [];
    if (!run.times) for (let i = 0; i < run.ticks; i++) run.at.push(i);
    else for (let i = 0; i < run.ticks; i += run.times) run.at.push(i, Math.min(run.ticks - 1, i + (run.times >> 1)));
    run.x = run.at.map(second => run.start + second);
  }
  const decoded = new Map();
  function points(run, line) {
    if (decoded.has(line)) return decoded.get(line);
    const out = new Array(run.at.length);
    if ("c" in line) out.fill(line.c);
    else for (let i = 0; i < out.length; i++) out[i] = line.b + line.s * (value[line.d[2 * i]] * 64 + value[line.d[2 * i + 1]]);
    decoded.set(line, out);
    return out;
  }
  function series(run, service, key) {
    if (service !== null) return points(run, run.services[service][key]);
    const id = run.name + "/" + key;
    if (!decoded.has(id)) {
      const all = run.services.map(one => points(run, one[key]));
      const join = key.startsWith("latency") ? (a, b) => Math.max(a, b) : (a, b) => a + b;
      decoded.set(id, run.at.map((_, i) => all.map(one => one[i]).reduce(join, 0)));
    }
    return decoded.get(id);
  }
  const nearest = (run, second) => {
    let low = 0, high = run.at.length - 1;
    while (low < high) { const middle = (low + high + 1) >> 1; if (run.at[middle] <= second) low = middle; else high = middle - 1; }
    return low;
  };

  // ---- words and figures
  const state = { lang: D.lang, second: 0, service: null, dark: matchMedia("(prefers-color-scheme: dark)").matches, playing: 0, wide: 0 };
  const text = (key, params = {}) => (D.texts[state.lang][key] || D.texts.en[key] || key).replace(/\{([a-z0-9_]+)\}/g, (_, name) => params[name] ?? "");
  const named = run => D.texts[state.lang]["run." + run.name] || run.name;
  const said = texts => texts[state.lang] || texts.en;
  const pad = number => String(number).padStart(2, "0");
  const clock = (epoch, seconds = true) => {
    const day = (((epoch + IST_S) % 86400) + 86400) % 86400;
    return pad(Math.floor(day / 3600)) + ":" + pad(Math.floor(day / 60) % 60) + (seconds ? ":" + pad(Math.floor(day) % 60) : "");
  };
  const grouped = number => { const digits = String(Math.round(Math.abs(number))), tail = digits.slice(-3), head = digits.slice(0, -3); return (number < 0 ? "-" : "") + (head ? head.replace(/\B(?=(\d\d)+$)/g, ",") + "," : "") + tail; };
  const trimmed = number => Math.abs(number) < 1000 ? String(Number(number.toFixed(2))) : grouped(number);
  const count = number => {
    if (Math.abs(number) >= 9999500) return trimmed(number / 1e7) + " " + text("word.crore");
    if (Math.abs(number) >= 1e5) return trimmed(number / 1e5) + " " + text("word.lakh");
    return Math.abs(number) < 10 && number % 1 ? number.toFixed(1) : grouped(number);
  };
  const short = number => {
    const size = Math.abs(number);
    if (size >= 1e7) return trimmed(number / 1e7) + " Cr";
    if (size >= 1e5) return trimmed(number / 1e5) + " L";
    return size < 10 && number % 1 ? String(Number(number.toPrecision(2))) : grouped(number);
  };
  const duration = seconds => seconds < 1 ? Math.round(seconds * 1000) + " ms" : trimmed(Math.round(seconds * 10) / 10) + " s";
  const share = part => part >= 10 ? grouped(part) + "×" : (part >= 0.1 || !part ? Math.round(part * 100) : Number((part * 100).toPrecision(2))) + " %";
  const bits = mbps => mbps >= 1e6 ? trimmed(mbps / 1e6) + " Tbit/s" : mbps >= 1e3 ? trimmed(mbps / 1e3) + " Gbit/s" : trimmed(mbps) + " Mbit/s";
  const rupees = number => "₹" + count(number);
  const gap = seconds => seconds < 120 ? text("gap.seconds", { count: Math.round(seconds) }) : text("gap.minutes", { count: Math.round(seconds / 60) });
  function since(run, second) {
    const passed = run.moments.filter(one => one.at <= second && second - one.at <= 7200).pop();
    const coming = run.moments.find(one => one.at > second && one.at - second <= 7200);
    const at = "";
    const rest = key => text(key, { at, gap: gap(Math.abs(second - (passed || coming).at)), moment: (passed || coming).text }).replace(/^[^{“"]*?,\s*/, "");
    return passed ? rest("when.after") : coming ? rest("when.before") : "";
  }

  // ---- building blocks
  const el = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, given] of Object.entries(attributes)) {
      if (name.startsWith("on")) node.addEventListener(name.slice(2), given);
      else if (given !== null && given !== undefined && given !== false) node.setAttribute(name, given === true ? "" : given);
    }
    node.append(...children.filter(child => child !== null && child !== undefined && child !== ""));
    return node;
  };
  const color = name => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  const top = document.getElementById("top"), main = document.getElementById("main"), now = document.getElementById("now");
  const midst = one => one.first + Math.min(60, (one.last - one.first) >> 1);
  const hurt = new Set(runs.flatMap(run => run.failures.map(one => one.service)));

  // ---- charts
  const global = true;
  const CHARTS = [
    { key: "crowd", format: count, global, hero: true, lines: run => [{ label: text("line." + run.crowd.name) === "line." + run.crowd.name ? run.crowd.name : text("line." + run.crowd.name), y: points(run, run.crowd.line), color: "c-crowd", fill: true }] },
    { key: "load", format: count, lines: (run, s) => [line("capacity", run, s, "capacity", "c-capacity", { fill: true }), line("offered", run, s, "offered", "c-offered"), line("served", run, s, "served", "c-served", { dash: [4, 3] })] },
    { key: "errors", format: count, lines: (run, s) => [line("failed", run, s, "failed", "c-failed", { fill: true }), line("shed", run, s, "shed", "c-shed")] },
    { key: "latency", format: duration, lines: (run, s) => [line("p99", run, s, "latency_p99_s", "c-p99", { fill: true }), line("p50", run, s, "latency_p50_s", "c-p50"), s === null ? null : { label: text("line.promised"), y: run.at.map(() => run.services[s].promised), color: "c-limit", dash: [2, 4], quiet: true }] },
    { key: "pods", format: count, lines: (run, s) => [line("ready", run, s, "ready", "c-ready", { fill: true }), line("desired", run, s, "desired", "c-desired", { dash: [4, 3] }), line("starting", run, s, "starting", "c-starting"), line("pending", run, s, "pending", "c-pending"), line("refused", run, s, "refused", "c-refused")] },
    { key: "cpu", format: number => count(Math.round(number * 10) / 10), lines: (run, s) => [line("used", run, s, "cpu_used_m", "c-cpu", { fill: true, scale: 1 / 1000 }), line("limit", run, s, "cpu_limit_m", "c-limit", { dash: [4, 3], scale: 1 / 1000 })] },
    { key: "nodes", format: count, global, lines: run => run.pools.map((pool, place) => ({ label: pool.name, y: points(run, pool.line), color: "c-n" + (place % 4) })) },
    { key: "bandwidth", format: bits, global, lines: run => [{ label: "", y: points(run, run.bandwidth), color: "c-net", fill: true }, run.asked_mbps ? { label: text("line.offered"), y: points(run, run.asked_mbps), color: "c-limit", dash: [4, 3] } : null] },
    { key: "rupees", format: rupees, global, lines: run => [{ label: "", y: points(run, run.cost), color: "c-money", fill: true }] },
  ];
  function line(label, run, service, key, tint, more = {}) {
    let y = series(run, service, key);
    if (more.scale) y = y.map(one => one * more.scale);
    return { label: text("line." + label), y, color: tint, ...more };
  }
  function worth(drawn) { // lines that are above zero in any run, in all of them
    const kept = (_, place) => drawn.some(lines => lines[place] && (lines[place].quiet || lines[place].y.some(given => given > 0)));
    return drawn.map(lines => lines.filter(kept).filter(Boolean));
  }
  let plots = [];

  function marks(run) {
    return plot => {
      const { ctx, bbox } = plot;
      ctx.save();
      ctx.fillStyle = color("bad-wash");
      for (const one of run.failures) {
        const left = plot.valToPos(run.start + one.first, "x", true), right = plot.valToPos(run.start + one.last, "x", true);
        ctx.fillRect(left, bbox.top, Math.max(2, right - left), bbox.height);
      }
      ctx.strokeStyle = color("soft"); ctx.globalAlpha = 0.55; ctx.lineWidth = devicePixelRatio;
      for (const one of run.moments) {
        ctx.setLineDash(one.planned ? [2 * devicePixelRatio, 3 * devicePixelRatio] : [6 * devicePixelRatio, 3 * devicePixelRatio]);
        const at = Math.round(plot.valToPos(run.start + one.at, "x", true));
        ctx.beginPath(); ctx.moveTo(at, bbox.top); ctx.lineTo(at, bbox.top + bbox.height); ctx.stroke();
      }
      ctx.restore();
    };
  }
  const rows = run => Math.min(3, Math.ceil(run.moments.length / 3));
  function labels(run) { // names of the moments above the plot, in rows where they would touch
    return plot => {
      const { ctx, bbox } = plot, dpr = devicePixelRatio, ends = new Array(rows(run)).fill(-Infinity);
      ctx.save();
      ctx.font = `${11.5 * dpr}px system-ui, sans-serif`; ctx.fillStyle = color("soft"); ctx.textBaseline = "alphabetic"; ctx.textAlign = "left";
      for (const one of run.moments) {
        const at = plot.valToPos(run.start + one.at, "x", true), wide = ctx.measureText(one.text).width;
        const left = Math.min(at, bbox.left + bbox.width - wide), row = ends.findIndex(end => end < left);
        if (row < 0) continue;
        ends[row] = left + wide + 10 * dpr;
        ctx.fillText(one.text, left, bbox.top - (5 + 15 * row) * dpr);
      }
      ctx.restore();
    };
  }
  function draw(pane, chart, run, lines, most) {
    const axis = { stroke: color("soft"), font: "12px system-ui, sans-serif", ticks: { show: false }, grid: { stroke: color("grid"), width: 1 } };
    const plot = new uPlot({
      width: state.wide || Math.max(200, pane.clientWidth), height: chart.hero ? 230 : 140, padding: [chart.hero ? 8 + 15 * rows(run) : 8, 4, 0, 0],
      cursor: { show: false }, legend: { show: false }, tzDate: epoch => uPlot.tzDate(new Date(epoch * 1e3), "Etc/UTC"),
      scales: { x: { time: false, range: () => [run.start, run.start + run.ticks - 1] }, y: { range: () => [0, most * 1.06 || 1] } },
      axes: [
        { ...axis, size: 24, space: 64, splits: (_, __, low, high, step) => ticks(low, high, step), values: (_, splits) => splits.map(split => clock(split, high(run) < 900)) },
        { ...axis, size: 62, space: 26, values: (_, splits) => splits.map(split => chart.format === duration ? duration(split) : chart.format === rupees ? "₹" + short(split) : chart.format === bits ? bits(split).replace("bit/s", "") : short(split)) },
      ],
      series: [{}, ...lines.map(one => ({ label: one.label, stroke: color(one.color), width: one.quiet ? 1 : 1.75, dash: one.dash, points: { show: false }, fill: one.fill ? color(one.color) + "26" : undefined }))],
      hooks: { drawAxes: [marks(run)], draw: chart.hero ? [labels(run)] : [] },
    }, [run.x, ...lines.map(one => one.y)], pane);
    const here = el("div", { class: "here" });
    plot.over.append(here);
    const scrub = event => move(Math.round(plot.posToVal(event.clientX - plot.over.getBoundingClientRect().left, "x") - run.start));
    plot.over.addEventListener("pointermove", event => { if (event.pointerType === "mouse" || event.buttons) scrub(event); });
    plot.over.addEventListener("pointerdown", scrub);
    return { plot, here, run, lines, chart };
  }
  const high = run => run.ticks;
  function ticks(low, top, step) {
    const steps = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600];
    const wide = steps.find(one => one >= step) || 43200, out = [];
    for (let at = Math.ceil((low + IST_S) / wide) * wide - IST_S; at <= top; at += wide) out.push(at);
    return out;
  }
  function place(run, name) { const found = run.services.findIndex(one => one.name === name); return name === null ? null : found; }

  function charts() {
    for (const one of plots) one.plot.destroy();
    plots = [];
    for (const name of ["hero", "charts"]) document.getElementById(name).replaceChildren();
    for (const chart of CHARTS) {
      const box = document.getElementById(chart.hero ? "hero" : "charts");
      const drawn = worth(runs.map(run => {
        const service = chart.global ? null : place(run, state.service);
        return service === -1 ? [] : chart.lines(run, service);
      }));
      if (!drawn.some(lines => lines.some(one => !one.quiet))) continue;
      let most = 0;
      for (const lines of drawn) for (const one of lines) for (const given of one.y) if (given > most) most = given;
      const panes = el("div", { class: "panes" + (runs.length > 1 ? " two" : "") });
      const about = chart.global || state.service === null ? "" : el("span", { class: "tag" }, state.service);
      box.append(el("section", { class: "card chart" }, el("h3", {}, text("chart." + chart.key), about), panes));
      runs.forEach((run, at) => {
        const pane = el("div", { class: "pane" }), legend = el("div", { class: "legend" });
        panes.append(pane);
        if (runs.length > 1) pane.append(el("div", { class: "name" }, named(run)));
        pane.append(legend);
        const made = draw(pane, chart, run, drawn[at], most);
        made.figures = drawn[at].map(one => {
          const figure = el("b");
          legend.append(el("span", {}, el("i", { style: `background:${color(one.color)}` }), one.label + " ", figure));
          return figure;
        });
        plots.push(made);
      });
    }
    queueMicrotask(() => move(state.second)); // uPlot knows its scales only then
  }

  // ---- time
  function move(second) {
    const last = Math.max(...runs.map(run => run.ticks)) - 1;
    state.second = Math.min(last, Math.max(0, second));
    for (const one of plots) {
      const at = Math.min(state.second, one.run.ticks - 1), index = nearest(one.run, at);
      one.here.style.transform = `translateX(${one.plot.valToPos(one.run.start + at, "x")}px)`;
      one.lines.forEach((drawn, place) => { one.figures[place].textContent = one.chart.format(drawn.y[index]); });
    }
    const slider = document.getElementById("time");
    if (slider) { slider.value = state.second; slider.setAttribute("aria-valuetext", clock(first.start + state.second)); }
    const shown = document.getElementById("shown");
    if (shown) shown.textContent = clock(first.start + state.second);
    tell();
  }
  function tell() {
    const card = el("div", { class: "card" }, el("h3", {}, text("page.now")),
      el("p", { class: "clock" }, clock(first.start + state.second)), el("p", { class: "since" }, since(first, state.second)));
    for (const run of runs) card.append(...told(run));
    now.replaceChildren(card);
  }
  function told(run) {
    const second = Math.min(state.second, run.ticks - 1), i = nearest(run, second);
    const what = text("line." + run.crowd.name) === "line." + run.crowd.name ? run.crowd.name : text("line." + run.crowd.name);
    const out = runs.length > 1 ? [el("p", { class: "name" }, named(run))] : [];
    out.push(el("p", {}, `${count(points(run, run.crowd.line)[i])} ${what}`));
    const service = place(run, state.service);
    if (service !== -1) {
      const get = key => series(run, service, key)[i];
      const all = get("failed") + get("shed"), offered = get("offered"), lost = all > offered / 2000 ? all : 0; // less is the tail of a distribution
      const label = state.service === null ? text("page.all") : state.service;
      const params = { service: label, offered: count(offered), capacity: count(get("capacity")), share: share(lost / Math.max(lost, offered, 1e-9)) };
      if (offered + lost > 0) out.push(el("p", lost > 0 ? { class: "trouble" } : {}, text(lost > 0 ? "now.badly" : "now.well", params)));
      if (get("latency_p99_s") > 0) {
        const late = service !== null && get("latency_p99_s") > run.services[service].promised;
        out.push(el("p", late ? { class: "trouble" } : {}, text("now.latency", { p99: duration(get("latency_p99_s")) })));
      }
      const pods = [text("now.pods", { ready: count(get("ready")) })];
      for (const key of ["starting", "pending", "refused"]) if (get(key) > 0) pods.push(text("now." + key, { count: count(get(key)) }));
      if (get("ready") + get("desired") > 0) out.push(el("p", {}, pods.join(" ")));
    }
    out.push(el("p", {}, text("now.cost", { rate: rupees(points(run, run.cost)[i]), sum: rupees(points(run, run.spent)[i]) })));
    const wide = Math.max(120, run.times);
    const recent = run.happenings.filter(one => one.at <= second && second - one.at < wide && (state.service === null || !one.service || one.service === state.service)).slice(-4);
    if (recent.length) out.push(el("ul", {}, ...recent.reverse().map(one => el("li", {}, clock(run.start + one.at) + "  " + (one.service ? one.service + ": " : "") + one.text))));
    return out;
  }
  function play() {
    if (state.playing) { clearInterval(state.playing); state.playing = 0; }
    else {
      if (state.second >= first.ticks - 1) move(0);
      state.playing = setInterval(() => { if (state.second >= first.ticks - 1) play(); else move(state.second + Math.max(1, Math.round(first.ticks / 600))); }, 50);
    }
    const button = document.getElementById("play");
    if (button) { button.textContent = state.playing ? "❚❚" : "▶"; button.setAttribute("aria-label", text(state.playing ? "page.pause" : "page.play")); }
  }

  // ---- the page
  function head(run) {
    const tile = (label, figure, bad) => el("div", { class: "tile" + (bad ? " bad" : "") }, el("b", {}, figure), el("span", {}, label));
    return el("div", {}, runs.length > 1 ? el("p", { class: "name" }, named(run)) : null,
      el("h1", { class: run.held ? "held" : "broke" }, said(run.headline)),
      el("div", { class: "tiles" },
        tile(`${text("page.peak")}, ${clock(run.start + run.peak.at, false)}`, count(run.peak.count)),
        tile(text("page.lost"), count(run.lost), run.lost > 0),
        tile(text("page.budget"), share(run.used), run.used > 1),
        tile(text("page.mostpods"), count(run.pods)),
        tile(text("page.cost"), rupees(run.rupees))));
  }
  function header() {
    const languages = el("select", { "aria-label": text("page.language"), onchange: event => { state.lang = event.target.value; document.documentElement.lang = state.lang; build(); } },
      ...Object.keys(D.texts).map(lang => el("option", { value: lang, selected: lang === state.lang }, { en: "English", hi: "हिन्दी", ta: "தமிழ்", te: "తెలుగు", kn: "ಕನ್ನಡ" }[lang])));
    const theme = el("button", { "aria-label": text("page.theme"), title: text("page.theme"), onclick: () => { state.dark = !state.dark; paint(); } }, "◐");
    const day = new Date((first.start + IST_S) * 1e3).toLocaleDateString(state.lang + "-IN-u-nu-latn", { timeZone: "UTC", day: "numeric", month: "short", year: "numeric" });
    top.replaceChildren(
      el("div", { class: "bar" }, el("span", { class: "brand" }, `Mela · ${text("page.title")}`), el("span", { class: "tools" }, languages, theme)),
      el("div", { class: "heads" + (runs.length > 1 ? " two" : "") }, ...runs.map(head)),
      el("p", { class: "event", style: "margin-top:14px" }, `${first.event} · ${day}, ${clock(first.start, false)}–${clock(first.start + first.ticks, false)} IST`),
      ...runs.map(run => el("p", { class: "about" }, (runs.length > 1 ? named(run) + ": " : "") + [...Object.values(run.about), text("page.seed", { seed: run.seed, strategy: run.strategy })].filter(Boolean).join(" · "))));
  }
  function failures() {
    const out = [];
    for (const run of runs) for (const one of run.failures) {
      const [when, ...rest] = said(one.says);
      const why = rest.pop();
      out.push(el("button", { class: "card failure" + (run.held ? " mild" : ""), onclick: () => { state.service = one.service; build(); move(midst(one)); document.getElementById("stage").scrollIntoView({ behavior: "smooth" }); } },
        el("p", { class: "when" }, when, runs.length > 1 ? el("span", { class: "tag" }, named(run)) : null),
        el("p", {}, rest.join(" ")), el("p", { class: "why" }, why),
        one.said ? el("p", { class: "said" }, one.said) : null,
        one.place ? el("p", { class: "where mono" }, `${one.place}  ${one.field}`) : null));
    }
    return out.length ? [el("h2", {}, text("page.failures")), ...out] : [];
  }
  function mends() {
    const out = [];
    for (const run of runs) {
      if (!run.mend) continue;
      const card = el("div", { class: "card mend" });
      for (const one of run.mend.changes) card.append(el("p", {}, el("span", { class: "mono" }, one.place), "  ", one.thing), el("p", { class: "change mono" }, one.change));
      card.append(el("p", {}, said(run.mend.says)));
      if (run.mend.diff) {
        const shown = el("pre");
        for (const row of run.mend.diff.split("\n")) {
          const kind = /^(\+\+\+|---|@@)/.test(row) ? "at" : row[0] === "+" ? "add" : row[0] === "-" ? "del" : "";
          shown.append(el("span", { class: kind }, row), "\n");
        }
        card.append(shown);
      }
      out.push(card);
    }
    return out.length ? [el("h2", {}, text("page.mend")), ...out] : [];
  }
  function promises() {
    const rows = runs.flatMap(run => run.budgets.filter((one, place) => one.used > 0 || place < 3).slice(0, 8).map(one =>
      el("div", { class: "budget" + (one.used > 1 ? " bad" : "") }, (runs.length > 1 ? named(run) + " · " : "") + said(one.says),
        el("div", { class: "meter" }, el("i", { style: `width:${Math.min(100, one.used * 100)}%` })))));
    return [el("h2", {}, text("page.promises")), el("div", { class: "card budgets" }, ...rows)];
  }
  function rail() {
    const last = Math.max(...runs.map(run => run.ticks)) - 1;
    const names = [...new Set(runs.flatMap(run => run.services.map(one => one.name)))];
    const chip = (name, label) => el("button", { "aria-pressed": String(state.service === name), class: hurt.has(name) ? "hurt" : "", onclick: () => { state.service = name; build(); } }, label);
    return el("div", { class: "rail" },
      el("div", { class: "row" }, el("button", { id: "play", "aria-label": text("page.play"), onclick: play }, "▶"),
        el("input", { id: "time", type: "range", min: 0, max: last, value: state.second, "aria-label": text("page.now"), oninput: event => move(Number(event.target.value)) }),
        el("output", { id: "shown" })),
      first.moments.length ? el("div", { class: "chips moments" }, ...first.moments.map(one => el("button", { class: one.planned ? "" : "unplanned", onclick: () => move(one.at) }, `${clock(first.start + one.at, false)} ${one.text}`))) : null,
      el("div", { class: "chips" }, chip(null, text("page.all")), ...names.map(name => chip(name, name))));
  }
  function build() {
    header();
    const scrolled = scrollY;
    main.replaceChildren(rail(), el("div", { id: "hero", class: "charts" }), ...failures(), ...mends(), ...promises(),
      el("h2", { id: "stage" }, text("page.charts")), el("div", { id: "charts", class: "charts" }), el("p", { class: "hint" }, text("page.keys")));
    charts();
    scrollTo(0, scrolled);
  }
  function paint() { document.documentElement.classList.toggle("dark", state.dark); charts(); }

  document.addEventListener("keydown", event => {
    if (event.target.closest("select") || event.altKey || event.ctrlKey || event.metaKey) return;
    const step = event.shiftKey ? 600 : Math.max(1, Math.round(first.ticks / 720));
    const steps = { ArrowLeft: -step, ArrowRight: step };
    if (event.key in steps) { event.preventDefault(); move(state.second + steps[event.key]); }
    else if (event.key === " " && !event.target.closest("button")) { event.preventDefault(); play(); }
    else if (event.key === "n" || event.key === "N") { const next = first.moments.find(one => one.at > state.second) || first.moments[0]; if (next) move(next.at); }
    else if (event.key === "Home") move(0);
    else if (event.key === "End") move(first.ticks - 1);
  });
  let wait = 0;
  addEventListener("resize", () => { clearTimeout(wait); wait = setTimeout(charts, 120); });
  addEventListener("beforeprint", () => { document.documentElement.classList.remove("dark"); state.wide = runs.length > 1 ? 300 : 640; charts(); });
  addEventListener("afterprint", () => { state.wide = 0; paint(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", event => { state.dark = event.matches; paint(); });

  document.documentElement.classList.toggle("dark", state.dark);
  const worst = runs.map(run => run.failures[0]).find(Boolean);
  state.second = worst ? midst(worst) : first.peak.at;
  state.service = worst ? worst.service : first.services.length === 1 ? first.services[0].name : null;
  build();
})();
