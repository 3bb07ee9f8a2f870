"use strict";
// Texts of the data reach the page by textContent alone, so none of them is ever markup.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { request, station, texts } = data;
  const PAGE = 25, MOST_PRINTED = { roster: 2000, unfilled: 200 }, DAY = 1440, NONE = -1;
  const languages = ["en", "zh-CN"];
  let language = languages[0];

  const say = (name, ...values) => {
    let text = texts[name][languages.indexOf(language)];
    for (const value of values) text = text.replace("{}", () => value);
    return text;
  };
  const count = (number) => number.toLocaleString(language);
  const monday = Date.parse(data.week + "T00:00Z");
  // Days as the rest of the page writes them: "Mon 30 Nov", "11月30日 周一".
  const dayText = (day) => {
    const date = new Date(monday + day * 86400000);
    const part = (options) => date.toLocaleDateString(language, { timeZone: "UTC", ...options });
    const weekday = part({ weekday: "short" });
    return language === "en" ? `${weekday} ${date.getUTCDate()} ${part({ month: "short" })}`
      : `${part({ month: "long", day: "numeric" })} ${weekday}`;
  };
  const clock = (minutes) => {
    const rest = ((minutes % DAY) + DAY) % DAY;
    return String(Math.floor(rest / 60)).padStart(2, "0") + ":" + String(rest % 60).padStart(2, "0");
  };
  const dayOf = (minutes) => Math.floor(minutes / DAY);
  const stationText = (code) => code === NONE ? say("no_place") : station.name[code];

  function made(tag, text, name) {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    if (name) element.className = name;
    return element;
  }
  // Text of the data keeps its direction to itself.
  const named = (text) => made("bdi", text);
  function cell(row, ...parts) {
    const element = made("td");
    element.append(...parts);
    row.append(element);
    return element;
  }
  function whenCell(row, code) {
    const start = request.start[code], end = request.end[code];
    const later = dayOf(end) > dayOf(start) && end % DAY !== 0 ? " +" + (dayOf(end) - dayOf(start)) : "";
    cell(row, dayText(dayOf(start)), made("small", clock(start) + "–" + clock(end) + later)).className = "when";
  }
  function small(text) {
    const element = made("small");
    element.append(named(text));
    return element;
  }
  function serviceCell(row, code, post, ...more) {
    cell(row, named(data.service[request.service[code]]), small(data.post[post]), ...more);
  }
  const translated = (prefix, text) => texts[prefix + text] ? say(prefix + text) : text;

  const plain = (text) => String(text ?? "").normalize("NFKC").toLowerCase();
  const dictionaries = {
    request: request.id.map(plain),
    service: data.service.map(plain),
    post: data.post.map(plain),
    volunteer: data.volunteer.map(plain),
    station: station.id.map((id, code) => plain(id) + "\n" + plain(station.name[code])),
  };
  // Which codes of each dictionary have a word in them: rows are then compared by number.
  function matches(word) {
    return Object.fromEntries(Object.entries(dictionaries).map(
      ([name, entries]) => [name, entries.map((text) => text.includes(word))]));
  }

  class Listing {
    constructor(root, table, row, heading) {
      Object.assign(this, { root, table, row, heading, page: 0 });
      this.fields = Object.fromEntries([...root.querySelectorAll("[data-filter]")]
        .map((field) => [field.dataset.filter, field]));
      this.buttons = [...root.querySelectorAll("[data-turn]")];
      this.body = root.querySelector("table");
      this.status = root.querySelector(".count");
      for (const field of Object.values(this.fields)) {
        field.addEventListener("input", () => { this.page = 0; this.filter(); });
      }
      for (const button of this.buttons) {
        button.addEventListener("click", () => {
          if (button.getAttribute("aria-disabled") === "true") return;
          this.page += Number(button.dataset.turn);
          this.show();
        });
      }
    }
    options(name, entries) {
      const field = this.fields[name], chosen = field.value;
      field.replaceChildren(...[["", say("all")], ...entries].map(([value, text]) => {
        const option = made("option", text);
        option.value = value;
        return option;
      }));
      field.value = chosen;
    }
    translate() {
      const days = [...new Set(this.table.request.map((code) => dayOf(request.start[code])))];
      this.options("day", days.sort((a, b) => a - b).map((day) => [day, dayText(day)]));
      if (this.fields.reason) {
        this.options("reason", data.reason.map((text, code) => [code, translated("reason_", text)]));
      }
      if (this.fields.station) {
        const codes = [...new Set(this.table.request.map((code) => request.station[code]))];
        this.options("station", codes.map((code) => [code, stationText(code)]));
      }
      this.show();
    }
    filter() {
      const chosen = (name) => this.fields[name] && this.fields[name].value !== ""
        ? Number(this.fields[name].value) : null;
      const [place, day, reason] = ["station", "day", "reason"].map(chosen);
      const words = plain(this.fields.text.value).split(/\s+/).filter(Boolean).map(matches);
      const { table } = this;
      this.rows = [];
      for (let row = 0; row < table.request.length; row++) {
        const code = table.request[row];
        if (place !== null && request.station[code] !== place) continue;
        if (day !== null && dayOf(request.start[code]) !== day) continue;
        if (reason !== null && table.reason[row] !== reason) continue;
        if (words.every((word) => word.request[code] || word.service[request.service[code]]
          || word.post[table.post[row]] || word.station[request.station[code]]
          || (table.volunteer && word.volunteer[table.volunteer[row]]))) this.rows.push(row);
      }
      this.show();
    }
    show(whole = false) {
      const pages = Math.max(1, Math.ceil(this.rows.length / PAGE));
      this.page = Math.min(Math.max(this.page, 0), pages - 1);
      const first = whole ? 0 : this.page * PAGE;
      const rows = this.rows.slice(first, whole ? undefined : first + PAGE);
      for (const body of [...this.body.tBodies]) body.remove();
      let body, group;
      for (const row of rows) {
        const place = this.heading ? request.station[this.table.request[row]] : NONE;
        if (!body || place !== group) {
          body = this.body.createTBody();
          group = place;
          if (this.heading) {
            const head = made("th");
            head.colSpan = this.body.tHead.rows[0].cells.length;
            head.scope = "rowgroup";
            head.append(named(stationText(place)));
            body.insertRow().append(head);
          }
        }
        this.row(body.insertRow(), this.table, row);
      }
      this.status.textContent = !this.rows.length ? say("no_rows")
        : whole ? say("every_row", count(this.rows.length))
          : say("rows", count(this.rows.length), count(this.page + 1), count(pages));
      for (const button of this.buttons) {
        const target = this.page + Number(button.dataset.turn);
        button.setAttribute("aria-disabled", String(target < 0 || target >= pages));
      }
    }
  }

  const listings = {};
  for (const root of document.querySelectorAll("[data-listing]")) {
    const name = root.dataset.listing;
    listings[name] = name === "roster"
      ? new Listing(root, data.roster, (row, table, at) => {
        const code = table.request[at];
        whenCell(row, code);
        serviceCell(row, code, table.post[at]);
        const who = cell(row, named(data.volunteer[table.volunteer[at]]));
        if (request.lead[code] === table.volunteer[at]) {
          who.append(" ★", made("small", say("lead")));
        }
        cell(row, named(request.id[code])).className = "extra";
        cell(row, translated("status_", data.status[table.status[at]])).className = "extra";
      }, true)
      : new Listing(root, data.unfilled, (row, table, at) => {
        const code = table.request[at];
        whenCell(row, code);
        if (table.options[at] > 1) row.cells[0].append(made("small", say("times", table.options[at])));
        serviceCell(row, code, table.post[at], small(stationText(request.station[code])));
        cell(row, count(table.filled[at]) + "/" + count(table.seats[at])).className = "narrow";
        cell(row, translated("reason_", data.reason[table.reason[at]]));
        cell(row, named(request.id[code])).className = "extra";
      }, false);
    listings[name].filter();
  }

  const shown = document.getElementById("dot");
  const dots = [...document.querySelectorAll("#dots .mark-symbol path")];
  const dotText = (code) => say("dot", stationText(code), count(station.filled[code]), count(station.seats[code]));
  if (dots.length === data.dots.length) {
    dots.forEach((dot, at) => {
      const code = data.dots[at];
      dot.addEventListener("pointerenter", () => { shown.textContent = dotText(code); });
      dot.addEventListener("click", () => {
        const { roster } = listings;
        shown.textContent = dotText(code);
        const known = [...roster.fields.station.options].some((option) => option.value === String(code));
        if (!known) return; // nobody serves there
        roster.fields.station.value = String(code);
        for (const name of ["text", "day"]) roster.fields[name].value = "";
        roster.page = 0;
        roster.filter();
        document.getElementById("rosters").scrollIntoView();
        roster.fields.station.focus({ preventScroll: true });
      });
    });
  }

  function speak(chosen, keep) {
    language = chosen;
    document.documentElement.lang = chosen;
    document.title = say("title") + " " + data.week;
    for (const element of document.querySelectorAll("[data-label]")) {
      element.setAttribute("aria-label", say(element.dataset.label));
    }
    for (const button of document.querySelectorAll("[data-language]")) {
      button.setAttribute("aria-pressed", String(button.dataset.language === chosen));
    }
    if (shown) shown.textContent = "";
    for (const listing of Object.values(listings)) listing.translate();
    // A browser may refuse to remember anything for a file.
    if (keep) try { localStorage.setItem("matching-language", chosen); } catch { /* asked again next time */ }
  }
  for (const button of document.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => speak(button.dataset.language, true));
  }
  let first = null;
  try { first = localStorage.getItem("matching-language"); } catch { /* as the browser speaks */ }
  if (!languages.includes(first)) first = navigator.language.startsWith("zh") ? "zh-CN" : "en";
  speak(first, false);

  // Paper has no pages to turn: all rows of the filters, if they are not too many.
  addEventListener("beforeprint", () => {
    for (const [name, listing] of Object.entries(listings)) {
      if (listing.rows.length <= MOST_PRINTED[name]) listing.show(true);
      else listing.status.textContent = say("too_many", count(listing.rows.length));
    }
  });
  addEventListener("afterprint", () => { for (const listing of Object.values(listings)) listing.show(); });
})();
