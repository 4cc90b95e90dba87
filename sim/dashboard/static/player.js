// Plays twin firms in the browser. The server, or a file, tells whole days; the clock inside a day runs here.
//
// firmlabPlayer(root, setup, ask) draws into an element and returns what can be told to it later:
//   feed({kind: "days", days} | {kind: "reset", …})   days that have passed, or another moment altogether
//   show({about})  the close look;  note({band, marks, prediction})  what is drawn over the charts;  theme(dark);  end()
// ask: more({after, count, drawn}), pick({firm, case}), seat({firm, seat}), jump(day), reached(day).
"use strict";
(function () {
  const SVG = "http://www.w3.org/2000/svg";
  const DAY = 8, TRAVEL = 0.35, FADE = 0.15; // hours
  const SPEEDS = [ // seconds a drawn day takes; or days a second, which are not drawn
    {key: "slow", seconds: 16}, {key: "normal", seconds: 8}, {key: "fast", seconds: 3},
    {key: "week", days: 5}, {key: "month", days: 25},
  ];
  const COLOURS = {light: ["#0072B2", "#C24E00"], dark: ["#56B4E9", "#F28A3C"]};
  const DASHES = ["solid", "dash"];
  const SHAPES = {
    decision: "M-3-3H3V3H-3Z", request: "M-3 0A3 3 0 1 0 3 0 3 3 0 1 0-3 0", complaint: "M0-4.2L4.2 0 0 4.2-4.2 0Z",
    other: "M0-4L3.8 3H-3.8Z",
  };
  const SIZES = [1, 1.15, 1.4, 1.7]; // of what waits under an hour, four hours, a day, and longer
  const HEADLINES = ["decision", "retention", "satisfaction"];

  const fill = (text, fields) => text.replace(/\{(\w+)\}/g, (_, name) => fields[name]);
  const make = (tag, attributes = {}, ...inside) => put(document.createElement(tag), attributes, inside);
  const draw = (tag, attributes = {}, ...inside) => put(document.createElementNS(SVG, tag), attributes, inside);
  function put(element, attributes, inside) {
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value !== null && value !== undefined) element.setAttribute(name, value);
    }
    element.append(...inside);
    return element;
  }
  const hashed = text => [...text].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7);

  // --- one firm ------------------------------------------------------------------------------------------------------

  class Firm {
    constructor(number, about, words, name, ask) {
      Object.assign(this, {number, about, words, name, ask, dots: [], active: [], lastSeat: new Map(), next: 0});
      const [width, height] = about.size;
      // Three sheets, one over the other, so that what moves does not make what stands be painted again.
      const sheet = (name, more = {}) => draw("svg", {viewBox: `0 0 ${width} ${height}`, class: `fl-sheet ${name}`, ...more});
      this.back = sheet("fl-back", {"aria-hidden": "true"});
      this.svg = sheet("fl-firm", {role: "application", tabindex: 0, "aria-label": fill(words.firm_alt, {name}), onkeydown: event => this.key(event)});
      this.front = sheet("fl-front", {"aria-hidden": "true", onclick: event => this.clickDot(event)});
      this.box = make("div", {class: "fl-sheets", style: `aspect-ratio:${width}/${height}`}, this.back, this.svg, this.front);
      this.ties = draw("path", {class: "fl-ties"});
      this.back.append(draw("path", {class: "fl-chain", d: this.chain()}), this.ties);
      this.hops = this.front.appendChild(draw("g", {class: "fl-hops"}));
      const seats = this.svg.appendChild(draw("g", {onclick: event => this.clickSeat(event)}));
      this.seats = about.places.map(([x, y], seat) => {
        const manager = about.roles[seat] === "manager";
        const radius = seat === 0 ? 8 : manager ? (about.places.length > 400 ? 4 : 6.5) : this.small();
        const halo = draw("circle", {class: "fl-halo", cx: x, cy: y, r: 0});
        const body = draw("circle", {class: "fl-seat", cx: x, cy: y, r: radius, "data-seat": seat});
        const count = draw("text", {class: "fl-count", x, y: y - radius - 3});
        body.append(draw("title"));
        seats.append(halo, body, count);
        return {x, y, radius, halo, body, count, waiting: -1};
      });
      this.layer = this.front.appendChild(draw("g", {class: "fl-dots"}));
      this.focused = 0;
      this.customers = make("canvas", {class: "fl-customers", role: "img"});
      this.week(about);
    }

    small() { return this.about.places.length > 400 ? 2 : 4; }

    chain() { // lines of reporting
      const {places, parents} = this.about;
      return parents.map((up, seat) => up < 0 ? "" : `M${places[up]}L${places[seat]}`).join("");
    }

    place(seat) {
      if (seat >= 0) return this.seats[seat];
      const [x, y] = this.about.pools[-seat - 1];
      return {x, y: y + 26};
    }

    week(told) { // what changes slowly
      if (told.load) told.load.forEach((load, seat) => {
        this.seats[seat].load = load;
        this.seats[seat].body.style.setProperty("--load", (0.12 + 0.88 * load / 100).toFixed(2));
      });
      if (told.ties) this.ties.setAttribute("d", told.ties.map(([a, b]) => this.curve(this.seats[a], this.seats[b])).join(""));
      if (told.customers) { this.satisfied = told.customers; this.paint(); }
    }

    curve(from, to) {
      const bend = 0.12 * (to.x - from.x), x = (from.x + to.x) / 2, y = (from.y + to.y) / 2 - Math.abs(bend);
      return `M${from.x} ${from.y}Q${x.toFixed(1)} ${y.toFixed(1)} ${to.x} ${to.y}`;
    }

    begin(told) { // a day whose services are told, or only its evening
      this.clear();
      this.vacant(told.vacant);
      this.queues = told.queues;
      this.stays = told.stays || null;
      if (!this.stays) { this.lastSeat = new Map(); return this.evening(); }
      this.kinds = told.kinds;
      this.next = 0;
      const before = this.lastSeat;
      for (const stay of this.stays) {
        stay.from = before.get(stay[0]);
        before.set(stay[0], stay[1]);
      }
      if (before.size > 20000) this.lastSeat = new Map([...before].slice(-5000));
    }

    clear() {
      this.active = [];
      this.layer.replaceChildren();
      this.hops.replaceChildren();
    }

    vacant(seats) {
      const empty = new Set(seats);
      this.seats.forEach((seat, number) => {
        if (seat.empty === empty.has(number)) return;
        seat.empty = empty.has(number);
        seat.body.classList.toggle("fl-vacant", seat.empty);
      });
    }

    at(time, settled = time >= DAY) { // the picture at an hour of the day; settled: nothing is on its way
      if (!this.stays) return;
      while (this.next < this.stays.length && this.stays[this.next][2] <= time) {
        const stay = this.stays[this.next++];
        if (stay[4] === null || stay[4] + FADE > time) this.enter(stay);
      }
      let changed = false;
      this.active = this.active.filter(dot => {
        if (dot.ends !== null && time >= dot.ends + FADE) { dot.node.remove(); if (dot.hop) dot.hop.remove(); return !(changed = true); }
        this.move(dot, time, settled);
        return true;
      });
      this.glow();
    }

    enter(stay) {
      const [id, seat, arrived, began, ends] = stay, kind = this.kinds[id] || "other";
      const turn = hashed(id + seat) % 360 * Math.PI / 180, spread = seat >= 0 ? 1 : 3;
      const target = this.place(seat), far = (target.radius || 6) + 3 + hashed(id) % 5 * spread;
      const node = draw("path", {class: "fl-dot", d: SHAPES[kind] || SHAPES.other, "data-case": id});
      let from = null;
      if (arrived >= 0) {
        if (stay.from !== undefined && stay.from !== seat) from = this.place(stay.from);
        else if (stay.from === undefined && kind !== "decision" && kind !== "idea") {
          from = {x: hashed(id) % this.about.size[0], y: this.about.size[1] + 4};
        }
      }
      const dot = {id, seat, arrived, began, ends, node, from, hop: null, stage: "", band: -1,
        x: target.x + far * Math.cos(turn), y: target.y + 0.7 * far * Math.sin(turn)};
      if (from && stay.from !== undefined && !this.adjacent(stay.from, seat)) {
        dot.hop = this.hops.appendChild(draw("path", {class: "fl-hop", d: this.curve(from, target)}));
      }
      this.layer.append(node);
      this.active.push(dot);
    }

    adjacent(a, b) { return a >= 0 && b >= 0 && (this.about.parents[a] === b || this.about.parents[b] === a); }

    move(dot, time, settled) {
      const since = time - dot.arrived;
      if (dot.from && since < TRAVEL && !settled) { // ease along the edge
        const s = since / TRAVEL, e = s * s * (3 - 2 * s), lift = dot.hop ? -0.12 * Math.abs(dot.x - dot.from.x) * 2 * e * (1 - e) : 0;
        const x = dot.from.x + (dot.x - dot.from.x) * e, y = dot.from.y + (dot.y - dot.from.y) * e + lift;
        dot.node.setAttribute("transform", `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
        if (dot.stage !== "travel") { dot.stage = "travel"; dot.node.setAttribute("class", "fl-dot fl-travel"); }
        return;
      }
      const stage = dot.ends !== null && time >= dot.ends ? "gone" : dot.began !== null && time >= dot.began ? "service" : "wait";
      const band = stage === "wait" ? (since < 1 ? 0 : since < 4 ? 1 : since < DAY ? 2 : 3) : 0;
      if (stage === dot.stage && band === dot.band) return;
      if (dot.hop) { dot.hop.remove(); dot.hop = null; }
      const seat = this.place(dot.seat), served = stage === "service" && dot.seat >= 0;
      const [x, y] = served ? [seat.x, seat.y] : [dot.x, dot.y];
      dot.node.setAttribute("transform", `translate(${x.toFixed(1)} ${y.toFixed(1)}) scale(${SIZES[band]})`);
      dot.node.setAttribute("class", `fl-dot fl-${stage} fl-w${band}`);
      Object.assign(dot, {stage, band});
    }

    glow() {
      const waiting = new Map();
      for (const dot of this.active) if (dot.stage === "wait") waiting.set(dot.seat, (waiting.get(dot.seat) || 0) + 1);
      this.seats.forEach((seat, number) => this.halo(seat, waiting.get(number) || 0));
    }

    halo(seat, count) {
      if (seat.waiting === count) return;
      seat.waiting = count;
      seat.halo.setAttribute("r", count ? (seat.radius + 2 + 2.4 * Math.sqrt(count)).toFixed(1) : 0);
      seat.count.textContent = count > 2 && seat.radius > 5 ? count : "";
    }

    evening() { this.queues && this.seats.forEach((seat, number) => this.halo(seat, this.queues[number])); }

    paint() { // customers on their ring, folded into rows: neighbours are friends
      const cells = this.satisfied, across = Math.ceil(Math.sqrt(cells.length * 4.2)), side = 5;
      const rows = Math.ceil(cells.length / across), canvas = this.customers;
      canvas.width = across * side; canvas.height = rows * side;
      const pen = canvas.getContext("2d"), dark = this.dark;
      let here = 0, sum = 0;
      cells.forEach((value, number) => {
        if (value < 0) return;
        here++; sum += value;
        const row = Math.floor(number / across), along = number % across, column = row % 2 ? across - 1 - along : along;
        pen.fillStyle = shade(value, dark);
        const inner = value < 50 ? side : side - 1; // the dissatisfied are larger: a cue beside colour
        pen.fillRect(column * side, row * side, inner, inner);
      });
      canvas.setAttribute("aria-label", fill(this.words.customers_alt, {name: this.name, count: here, mean: here ? Math.round(sum / here) : "–"}));
    }

    clickSeat(event) {
      const seat = event.target.closest("[data-seat]");
      if (seat) this.pick(Number(seat.dataset.seat));
    }

    pick(seat) { this.focus(seat); this.ask.someone(this.number, seat); }

    clickDot(event) {
      const dot = event.target.closest("[data-case]");
      if (dot) this.ask.pick({firm: this.number, case: dot.dataset.case});
    }

    key(event) {
      const {parents} = this.about, here = this.focused, up = parents[here];
      const below = parents.map((p, seat) => p === here ? seat : -1).filter(seat => seat >= 0);
      const beside = parents.map((p, seat) => p === up ? seat : -1).filter(seat => seat >= 0), place = beside.indexOf(here);
      const to = {ArrowUp: up, ArrowDown: below[0], ArrowLeft: beside[place - 1], ArrowRight: beside[place + 1]}[event.key];
      if (event.key in {ArrowUp: 1, ArrowDown: 1, ArrowLeft: 1, ArrowRight: 1}) {
        if (to !== undefined && to >= 0) this.focus(to);
      } else if (event.key === "Enter") this.pick(here);
      else return;
      event.preventDefault();
      event.stopPropagation();
    }

    focus(seat) {
      this.seats[this.focused].body.classList.remove("fl-focus");
      this.focused = seat;
      this.seats[seat].body.classList.add("fl-focus");
      this.ask.say(fill(this.words.seat_alt, {
        name: this.name, role: this.words[`role_${this.about.roles[seat]}`], seat, load: this.seats[seat].load ?? 0,
        waiting: Math.max(0, this.seats[seat].waiting),
      }));
    }

    highlight(seats) {
      this.back.querySelectorAll(".fl-way").forEach(node => node.remove());
      if (!seats || seats.length < 2) return;
      const d = seats.slice(1).map((seat, place) => this.curve(this.place(seats[place]), this.place(seat))).join("");
      this.back.append(draw("path", {class: "fl-way", d}));
    }
  }

  function shade(value, dark) { // from vermilion over grey to blue, light where in the middle
    const s = Math.max(-1, Math.min(1, (value - 65) / 35)), end = s < 0 ? [213, 94, 0] : [0, 114, 178];
    const middle = dark ? [70, 70, 74] : [226, 226, 222];
    return `rgb(${middle.map((m, i) => Math.round(m + (end[i] - m) * Math.abs(s)))})`;
  }

  // --- the whole -----------------------------------------------------------------------------------------------------

  window.firmlabPlayer = function (root, setup, ask) {
    ask = {...ask, say: text => { live.textContent = text; }, someone: (firm, seat) => { forget(); ask.seat({firm, seat, day}); }};
    const words = setup.words, still = matchMedia("(prefers-reduced-motion: reduce)");
    let firms, history, day, hour, playing = false, waiting = [], asked = "", asking = 0, target = null, speed = setup.speed ?? 1, dark = setup.dark;
    let shown = null, frame = 0, last = 0, lastCharts = 0, chartsDue = true, ended = false, notes = setup.notes, spoken = 0, credit = 0, said = 0, saidDay = -1, saidText = "", later = 0, jumping = 0, dragging = false, spreadOf = null, spreadDark = null;
    let latest = setup.firms.map(() => ({}));

    // the page
    root.replaceChildren();
    root.classList.add("fl");
    const status = make("output", {class: "fl-status", "aria-live": "off"});
    const live = make("p", {class: "fl-hidden", "aria-live": "polite"});
    const playButton = make("button", {class: "fl-play", onclick: () => toggle()});
    const speeds = make("select", {"aria-label": words.speed, onchange: event => { speed = Number(event.target.value); credit = 0; if (!SPEEDS[speed].days) undrawn(); }},
      ...SPEEDS.map((one, number) => make("option", {value: number}, words[`speed_${one.key}`])));
    speeds.value = speed;
    const slider = make("input", {type: "range", min: 0, max: setup.horizon, "aria-label": words.jump,
      onchange: event => { dragging = false; jump(Number(event.target.value), 300); },
      onpointerup: () => { dragging = false; }, onblur: () => { dragging = false; }, // back where it was is no change
      oninput: event => { dragging = true; status.textContent = fill(words.jump_to, {day: event.target.value}); }});
    const bar = make("div", {class: "fl-bar", role: "group", "aria-label": words.toolbar}, playButton,
      make("button", {class: "fl-day", title: words.key_day, onclick: () => forward(1)}, words.step_day),
      make("button", {class: "fl-week", title: words.key_week, onclick: () => forward(5)}, words.step_week),
      make("button", {class: "fl-reset", title: words.key_reset, onclick: () => jump(0)}, words.reset), speeds, slider, status);
    const stages = make("div", {class: "fl-stages"});
    const look = make("div", {class: "fl-look", role: "region", "aria-label": words.look, tabindex: -1});
    const sign = (shape, name, scale, look = "") => make("span", {}, draw("svg", {viewBox: "-4.5 -4.5 9 9", "aria-hidden": "true"},
      draw("path", {class: `fl-dot ${look}`, d: SHAPES[shape], transform: `scale(${scale})`})), setup.legend[name]);
    const legend = make("div", {class: "fl-legend"}, ...Object.keys(SHAPES).map(kind => sign(kind, kind, 1)),
      ...SIZES.map((size, band) => sign("request", `wait${band}`, 0.75 * size, `fl-w${band}`)),
      make("span", {}, setup.legend.halo), make("span", {}, setup.legend.customers));
    const cards = HEADLINES.map(name => card(name));
    const spread = make("div", {class: "fl-plot", role: "img"});
    const spreadTable = tabled(() => spreadRows());
    root.append(bar, stages, legend, look, make("div", {class: "fl-cards"}, ...cards.map(one => one.box)),
      make("section", {class: "fl-spread"}, make("h2", {}, words.distributions), spread, spreadTable), live);

    function card(name) {
      const numbers = make("p", {class: "fl-numbers"}), apart = make("p", {class: "fl-apart"});
      const told = make("p", {class: "fl-band"}), plot = make("div", {class: "fl-plot", role: "img"});
      const save = make("button", {class: "fl-save", onclick: () => window.Plotly && Plotly.downloadImage(plot, {format: "png", width: 900, height: 640, filename: `firmlab-${name}`})}, words.png);
      const box = make("section", {class: "fl-card", "data-headline": name}, make("h2", {}, words[`title_${name}`]), numbers, apart, told, plot, make("p", {class: "fl-key"}, words.chart_key),
        make("div", {class: "fl-under"}, tabled(() => rows(name)), save));
      return {name, numbers, apart, told, plot, box};
    }

    function tabled(made) { // a table behind a chart, made when it is opened
      const place = make("div", {class: "fl-table", tabindex: 0, role: "region", "aria-label": words.table});
      const details = make("details", {}, make("summary", {}, words.table), place);
      details.fresh = () => { if (details.open) place.innerHTML = table(made()); };
      details.addEventListener("toggle", details.fresh);
      return details;
    }
    const table = ([head, ...body]) => `<table><thead><tr>${head.map(cell => `<th scope="col">${cell}</th>`).join("")}</tr></thead><tbody>${
      body.map(([first, ...cells]) => `<tr><th scope="row">${first}</th>${cells.map(cell => `<td>${cell}</td>`).join("")}</tr>`).join("")}</tbody></table>`;
    const escaped = text => String(text).replace(/[&<>"]/g, letter => ({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})[letter]);
    const names = () => setup.firms.map(one => one.name);

    // numbers
    const digits = {decision: 2, retention: 1, satisfaction: 1};
    const number = (value, name, sign) => value === null || value === undefined || Number.isNaN(value) ? "–"
      : (sign && value > 0 ? "+" : "") + value.toFixed(digits[name]).replace("-", "−");
    const difference = (evening, place) => evening[1][place] === null || evening[0][place] === null ? null : evening[1][place] - evening[0][place];

    function rows(name) {
      const place = HEADLINES.indexOf(name), band = notes.band;
      const head = [words.week, ...names().map(escaped), words.difference, words.mean_of_pairs, words.most_pairs];
      return [head, ...history.map((evening, d) => [d, evening]).filter(([d]) => d % 5 === 0).map(([d, evening]) => {
        const week = d / 5, of = band && week > 0 && band[name];
        return [week, ...[0, 1].map(f => number(evening[f][place], name)), number(difference(evening, place), name, true),
          of ? number(of.mean[week - 1], name, true) : "–", of ? `${number(of.low[week - 1], name, true)} … ${number(of.high[week - 1], name, true)}` : "–"];
      })];
    }

    // charts
    const ink = () => dark ? {ink: "#e8e8e8", line: "#555", band: "rgba(255,255,255,.16)", mean: "#ddd"} : {ink: "#222", line: "#d0d0d0", band: "rgba(0,0,0,.12)", mean: "#444"};
    const axis = extra => ({gridcolor: ink().line, zerolinecolor: ink().ink, linecolor: ink().line, tickfont: {size: 11}, fixedrange: true, ...extra});
    const layoutOf = extra => ({margin: {l: 46, r: 10, t: 8, b: 34}, height: 300, showlegend: false, paper_bgcolor: "transparent", plot_bgcolor: "transparent",
      font: {color: ink().ink, size: 12}, hovermode: "x unified", uirevision: "keep", ...extra});
    const CONFIG = {displayModeBar: false, responsive: true};

    function charts() {
      if (!window.Plotly) return; // the picture does not wait for it
      chartsDue = false;
      lastCharts = performance.now();
      const colours = COLOURS[dark ? "dark" : "light"], weeks = history.map((_, d) => d / 5), end = setup.horizon / 5;
      for (const {name, plot, box} of cards) {
        const place = HEADLINES.indexOf(name), band = notes.band && notes.band[name], of = ink();
        const lines = setup.firms.map((firm, f) => ({x: weeks, y: history.map(evening => evening[f][place]), name: firm.name, mode: "lines",
          line: {color: colours[f], dash: DASHES[f], width: 2}, yaxis: "y"}));
        const data = [...lines];
        const seen = Math.floor((history.length - 1) / 5); // weeks: what is to come would answer before anybody has predicted
        if (band && seen) {
          const until = name => band[name].slice(0, seen), x = until("mean").map((_, w) => w + 1);
          data.push({x: [...x, ...[...x].reverse()], y: [...until("high"), ...until("low").reverse()], fill: "toself", fillcolor: of.band, line: {width: 0}, mode: "lines", yaxis: "y2", name: words.most_pairs, hoverinfo: "skip"});
          data.push({x, y: until("mean"), mode: "lines", line: {color: of.mean, dash: "dot", width: 1.5}, yaxis: "y2", name: words.mean_of_pairs});
        }
        data.push({x: weeks, y: history.map(evening => difference(evening, place)), mode: "lines", line: {color: of.ink, width: 2}, yaxis: "y2", name: words.this_pair});
        const guess = notes.prediction && notes.prediction[name];
        if (guess !== undefined && guess !== null) {
          data.push({x: [0, notes.prediction.week], y: [guess, guess], mode: "lines+markers+text", text: ["", words.prediction], textposition: "top left", yaxis: "y2", name: words.prediction,
            line: {color: "#CC79A7", dash: "dashdot", width: 2}, marker: {symbol: "star", size: [0, 12], color: "#CC79A7"}, cliponaxis: false});
        }
        const shapes = notes.marks.map(mark => ({type: "line", x0: (mark.day - 1) / 5, x1: (mark.day - 1) / 5, y0: 0, y1: 1, yref: "paper", line: {color: of.ink, width: 1, dash: "dot"}}));
        Plotly.react(plot, data, layoutOf({shapes,
          xaxis: axis({range: [0, end], title: {text: words.week, font: {size: 11}, standoff: 4}, anchor: "y2"}),
          yaxis: axis({domain: [0.56, 1], title: {text: words[`unit_${name}`], font: {size: 11}}}),
          yaxis2: axis({domain: [0, 0.46], title: {text: words.difference, font: {size: 11}}})}), CONFIG);
        plot.setAttribute("aria-label", fill(words.chart_alt, {title: words[`title_${name}`], ...summaryOf(name)}));
        plot.dataset.day = history.length - 1;
        box.querySelector("details").fresh();
      }
      if (spreadOf !== latest[0].distributions || spreadDark !== dark) distributions(colours); // they change once a week
    }

    const BINS = {
      decision: ["0–1", "1–2", "2–4", "4–8", "8–16", "16–32", "32–64", "64+"],
      satisfaction: [...Array(10).keys()].map(i => `${10 * i}–${10 * i + 10}`), load: [...Array(10).keys()].map(i => `${10 * i}–${10 * i + 10}`),
    };
    function distributions(colours) {
      spreadOf = latest[0].distributions;
      spreadDark = dark;
      const kinds = Object.keys(BINS), gap = 0.06, wide = (1 - 2 * gap) / 3, data = [], layout = layoutOf({height: 230, barmode: "group", bargap: 0.15, hovermode: "closest", margin: {l: 40, r: 8, t: 26, b: 46}});
      layout.annotations = [];
      kinds.forEach((kind, k) => {
        const s = k ? k + 1 : "";
        setup.firms.forEach((firm, f) => {
          const shares = latest[f].distributions;
          if (shares) data.push({type: "bar", x: BINS[kind], y: shares[kind], name: firm.name, xaxis: `x${s}`, yaxis: `y${s}`, marker: {color: colours[f], pattern: {shape: f ? "/" : "", fillmode: "overlay", fgcolor: dark ? "#111" : "#fff", size: 5}}});
        });
        layout[`xaxis${s}`] = axis({domain: [k * (wide + gap), k * (wide + gap) + wide], type: "category", tickangle: -40});
        layout[`yaxis${s}`] = axis({anchor: `x${s}`, rangemode: "tozero", title: k ? undefined : {text: "%", font: {size: 11}}});
        layout.annotations.push({text: words[`spread_${kind}`], x: k * (wide + gap), y: 1.14, xref: "paper", yref: "paper", showarrow: false, xanchor: "left"});
      });
      Plotly.react(spread, data, layout, CONFIG);
      spread.setAttribute("aria-label", words.distributions);
      spreadTable.fresh();
    }
    function spreadRows() {
      const body = Object.keys(BINS).flatMap(kind => BINS[kind].map((bin, b) => [`${words[`spread_${kind}`]}: ${bin}`,
        ...latest.map(one => one.distributions ? `${one.distributions[kind][b]} %` : "–")]));
      return [["", ...names().map(escaped)], ...body];
    }

    function summaryOf(name) {
      const place = HEADLINES.indexOf(name), evening = history[history.length - 1], week = Math.floor((history.length - 1) / 5);
      const band = notes.band && notes.band[name], of = band && week > 0;
      return {first: number(evening[0][place], name), second: number(evening[1][place], name), difference: number(difference(evening, place), name, true),
        unit: words[`unit_${name}`], week, pairs: of ? band.better[week - 1] + band.equal[week - 1] + band.worse[week - 1] : 0, ...(of ? {
          mean: number(band.mean[week - 1], name, true), low: number(band.mean_low[week - 1], name, true), high: number(band.mean_high[week - 1], name, true),
          better: band.better[week - 1], equal: band.equal[week - 1], worse: band.worse[week - 1], sure: band.mean_low[week - 1] > 0 || band.mean_high[week - 1] < 0} : {})};
    }

    function numbers() {
      for (const {name, numbers, apart, told} of cards) {
        const of = summaryOf(name), same = names()[0] === names()[1];
        numbers.innerHTML = setup.firms.map((firm, f) => `<span class="fl-number fl-f${f}"><b>${of[f ? "second" : "first"]}</b> <small>${words[`short_${name}`]}</small><span>${escaped(firm.name)}${same ? ` ${f + 1}` : ""}</span></span>`).join("");
        apart.textContent = fill(words.apart, of);
        told.textContent = notes.state === "none" || notes.state === "failed" ? words[`band_${notes.state}`] : notes.state !== "ready" ? fill(words.band_working, {done: notes.done || 0, pairs: notes.of || 30})
          : of.mean === undefined ? words.band_later : fill(words[!of.pairs ? "band_unknown" : of.sure ? "band_sure" : "band_unsure"], of);
        told.classList.toggle("fl-working", notes.state === "working");
      }
      const now = performance.now();
      const text = cards.map(({name}) => fill(words.spoken, {title: words[`title_${name}`], ...summaryOf(name)})).join(" ");
      clearTimeout(later);
      if (text === saidText) return;
      const speak = () => { spoken = performance.now(); saidText = text; ask.say(text); };
      if (now - spoken > 6000) speak(); else later = setTimeout(speak, 2000); // what stands still is said at last
    }

    // time
    function reset(told) {
      if (firms) firms.forEach(firm => firm.clear());
      setup.firms.forEach((firm, f) => { if (told.firms) Object.assign(firm, told.firms[f]); });
      firms = setup.firms.map((firm, f) => new Firm(f, firm.picture, words, firm.name, ask));
      stages.replaceChildren(...firms.map((firm, f) => make("figure", {class: `fl-stage fl-f${f}`},
        make("figcaption", {}, make("h2", {}, firm.name), make("p", {}, setup.firms[f].about)), firm.box, firm.customers)));
      firms.forEach((firm, f) => { firm.dark = dark; firm.paint(); latest[f] = {distributions: setup.firms[f].picture.distributions}; });
      history = told.history; forget(); target = null; day = history.length - 1; hour = DAY; shown = null;
      if (told.today) { shown = told.today; firms.forEach((firm, f) => { firm.begin(told.today.firms[f]); firm.at(DAY); }); }
      look.replaceChildren(make("p", {class: "fl-hint"}, words.look_hint));
      after();
      saidDay = day;
      if (told !== setup) ask.reached(day);
    }

    function take() { // the next day that has been told
      const told = waiting.shift();
      shown = told;
      hour = 0;
      firms.forEach((firm, f) => firm.begin(told.firms[f]));
      return told;
    }

    function finish() { // the day on the screen is over: only now do numbers and charts know it
      if (!shown || shown.day !== history.length) return;
      history.push(shown.pulse);
      day = shown.day;
      shown.firms.forEach((told, f) => { firms[f].week(told); if (told.distributions) latest[f] = told; });
      chartsDue = true;
    }

    function after() {
      firms.forEach(firm => { firm.evening(); });
      numbers(); charts(); labels();
    }

    function lock() { // until somebody has predicted
      bar.querySelectorAll("button, input").forEach(one => { one.disabled = Boolean(notes.locked); });
      bar.title = notes.locked ? words.locked : "";
      if (notes.locked) { playing = false; target = null; }
    }

    const set = (element, name, value) => { if (element[name] !== value) element[name] = value; }; // what is equal is not laid out again
    function labels() {
      set(playButton, "textContent", playing ? words.pause : words.play);
      set(root.dataset, "day", String(day));
      if (dragging) return; // the slider and the day beside it are the reader's
      set(slider, "value", String(day));
      const under = shown && shown.day > day, shownDay = under || !day ? day + 1 : day, clock = 9 + (day || under ? Math.min(hour, DAY) : 0);
      set(status, "textContent", fill(words.status, {day: shownDay, week: Math.max(1, Math.ceil(shownDay / 5)),
        time: `${String(Math.floor(clock)).padStart(2, "0")}:${String(Math.floor(clock % 1 * 60 / 10) * 10).padStart(2, "0")}`}));
    }

    function need() {
      const drawn = !SPEEDS[speed].days && target === null, few = drawn ? 1 : 10, told = waiting.length ? waiting[waiting.length - 1].day : begun();
      if (!asked && waiting.length < few && told < setup.horizon) {
        const count = target !== null ? Math.min(25, target - told) : drawn ? 1 : 25;
        if (count < 1) return;
        asked = drawn ? "all" : told + count === target ? "last" : "none"; // of which days every service is told
        ask.more({id: ++asking, after: told, count, drawn: asked});
      }
    }

    function tick(now) {
      frame = 0;
      if (ended) return;
      const passed = Math.min(0.1, (now - last) / 1000);
      last = now;
      if (playing || target !== null) {
        need();
        const pace = SPEEDS[speed];
        if (target !== null) while (day < target && (hour < DAY && shown && shown.day > day || waiting.length)) {
          if (!(shown && shown.day > day)) take();
          hour = DAY; firms.forEach(firm => firm.at(DAY)); finish();
          if (day >= target) { target = null; after(); break; }
        } else if (pace.days) {
          credit = Math.min(credit + passed * pace.days, pace.days);
          while (credit >= 1 && (waiting.length || shown && shown.day > day)) {
            if (!(shown && shown.day > day)) take();
            hour = DAY; firms.forEach(firm => firm.at(DAY)); finish(); credit -= 1;
          }
        } else if (still.matches) { // no motion: one evening after the other
          credit += passed / pace.seconds;
          if (credit >= 1 && waiting.length) { take(); hour = DAY; firms.forEach(firm => firm.at(DAY)); finish(); credit = 0; }
        } else {
          if (!(shown && shown.day > day) && waiting.length) take();
          if (shown && shown.day > day) {
            hour = Math.min(DAY, hour + passed * DAY / pace.seconds);
            firms.forEach(firm => firm.at(hour));
            if (hour >= DAY) finish();
          }
        }
        if (day >= setup.horizon) { playing = false; target = null; }
      }
      if (chartsDue && (now - lastCharts > 400 || !playing)) { numbers(); charts(); }
      labels();
      const moves = playing || target !== null;
      if (saidDay !== day && (!moves || now - said > 1000)) { // for the link and the controls; not at every day
        said = now;
        saidDay = day;
        ask.reached(day);
      }
      if (moves) frame = requestAnimationFrame(tick);
    }

    const begun = () => shown && shown.day > day ? shown.day : day; // the last day that the reader has seen anything of
    const run = () => { if (!frame) { last = performance.now(); frame = requestAnimationFrame(tick); } };
    function toggle(on = !playing) { playing = on && day < setup.horizon; labels(); run(); }
    function forget() { waiting = []; asked = ""; asking++; } // days that have been told and not begun
    function undrawn() { if (waiting.some(one => !one.firms[0].stays) || asked === "none" || asked === "last") forget(); }
    function forward(days) {
      playing = false;
      if (target === null) undrawn();
      target = Math.min(setup.horizon, (target ?? day) + days);
      run();
    }
    function jump(to, soon = 0) { // soon: milliseconds in which the reader may think better of it
      playing = false; target = null;
      labels();
      clearTimeout(jumping);
      jumping = setTimeout(() => { forget(); ask.jump(to); }, soon);
    }

    const others = key => { // keys that what has the focus needs itself; a button takes Space and leaves the arrows to us
      const at = document.activeElement;
      return /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName) || key === " " && /^(BUTTON|SUMMARY|A)$/.test(at.tagName)
        || at !== document.body && !bar.contains(at) && !stages.contains(at);
    };
    function pressed(event) {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || notes.locked || others(event.key)) return;
      const does = {" ": () => event.repeat || toggle(), ArrowRight: () => forward(event.shiftKey ? 5 : 1)}[event.key]
        || (event.key.toLowerCase() === "r" && document.activeElement !== document.body ? () => jump(0) : null); // a letter only where it is looked for
      if (does) { does(); event.preventDefault(); }
    }
    document.addEventListener("keydown", pressed);

    // a close look
    const hours = value => fill(words.hours, {hours: value.toFixed(2)});
    const seatName = (firm, seat) => seat < 0 ? words[seat === -1 ? "role_desk" : "role_broker"] : `${words[`role_${setup.firms[firm].picture.roles[seat]}`]} ${seat}`;
    function story(firm, told) {
      const box = make("div", {class: `fl-story fl-f${firm}`}, make("h3", {}, setup.firms[firm].name));
      if (!told) return put(box, {}, [make("p", {}, words.not_here)]);
      const longest = Math.max(...told.spans.map(span => span.hours), 0.001);
      box.append(make("p", {}, fill(told.ending === null ? words.story_short : words.story, {kind: words[`kind_${told.kind}`], ending: words[`ending_${told.ending}`] || "", hours: told.hours.toFixed(2),
        who: told.decided_by === null ? words.nobody : seatName(firm, told.decided_by)})));
      const list = make("ol", {});
      for (const span of told.spans) list.append(make("li", {class: `fl-span-${span.state}`}, make("span", {class: "fl-length", style: `width:${(100 * span.hours / longest).toFixed(1)}%`}),
        make("span", {}, fill(words[`span_${span.state}`], {who: span.seat === null ? "" : seatName(firm, span.seat), what: span.activity ? words[`activity_${span.activity}`] : ""})), make("b", {}, hours(span.hours))));
      box.append(list, make("p", {class: "fl-sum"}, fill(words.sum, {hours: told.hours.toFixed(2), waited: told.spans.filter(span => span.state !== "service").reduce((sum, span) => sum + span.hours, 0).toFixed(2)})));
      return box;
    }
    function someone(firm, told) {
      const box = make("div", {class: `fl-story fl-f${firm}`}, make("h3", {}, `${setup.firms[firm].name}: ${seatName(firm, told.seat)}`), make("p", {class: "fl-hint"}, fill(told.day ? words.evening : words.first_morning, {day: told.day})));
      if (told.vacant) return put(box, {}, [make("p", {}, words.vacant)]);
      box.append(make("dl", {}, ...[["load", `${Math.round(100 * told.load)} %`], ["waiting", told.waiting], ["attachment", told.attachment.toFixed(2)], ["years", (told.weeks / 50).toFixed(1)], ["ties", told.tie_count]]
        .flatMap(([name, value]) => [make("dt", {}, words[`person_${name}`]), make("dd", {}, String(value))])),
        make("p", {}, words.strongest), make("ul", {class: "fl-chips"}, ...told.ties.map(([seat, weight]) => make("li", {}, make("button", {onclick: () => ask.someone(firm, seat)}, `${seatName(firm, seat)} · ${weight.toFixed(2)}`)))));
      if (told.cases.length) box.append(make("p", {}, words.her_cases), make("ul", {class: "fl-chips"}, ...told.cases.map(([id, kind]) => make("li", {}, make("button", {onclick: () => ask.pick({firm, case: id})}, `${words[`kind_${kind}`]} ${id}`)))));
      return box;
    }

    reset(setup);
    lock();
    labels();
    return {
      feed(told) {
        if (told.kind === "reset") return reset(told);
        if (told.id !== asking) return; // of before something changed
        asked = "";
        for (const one of told.days) {
          const end = waiting.length ? waiting[waiting.length - 1].day : begun();
          if (one.day === end + 1) waiting.push(one);
        }
        run();
      },
      show(told) {
        if (!told) return;
        if (told.case) {
          look.replaceChildren(make("h2", {}, fill(words.case, {id: told.case})), make("div", {class: "fl-both"}, ...told.both.map((one, f) => story(f, one))));
          firms.forEach((firm, f) => firm.highlight(told.both[f] && told.both[f].spans.filter(span => span.seat !== null).map(span => span.seat)));
        } else {
          look.replaceChildren(make("div", {class: "fl-both"}, someone(told.firm, told.person)));
          firms.forEach((firm, f) => firm.highlight(f === told.firm ? told.person.ties.flatMap(([seat]) => [told.person.seat, seat]) : null));
        }
        look.focus({preventScroll: true});
      },
      note(told) {
        const drawn = one => JSON.stringify([one.band && one.band.ends, one.marks, one.prediction]), same = drawn(told) === drawn(notes);
        const opened = notes.locked && !told.locked;
        notes = told;
        lock();
        if (opened) playButton.focus();
        numbers();
        if (!same) charts(); // not at every pair that is run
      },
      theme(on) { dark = on; firms.forEach(firm => { firm.dark = dark; firm.paint(); }); charts(); },
      state: () => ({day, begun: begun(), hour, playing, history, speed, waiting: waiting.length}),
      toggle, forward, jump, forget, charts,
      hold(at) { // the picture at an hour of the day that comes next, for pictures of it
        need();
        if (!(shown && shown.day > day) && waiting.length) take();
        hour = at;
        firms.forEach(firm => firm.at(at, false));
        labels();
      },
      end() { ended = true; clearTimeout(later); clearTimeout(jumping); cancelAnimationFrame(frame); document.removeEventListener("keydown", pressed); if (window.Plotly) [...cards.map(one => one.plot), spread].forEach(plot => Plotly.purge(plot)); },
    };
  };
})();
