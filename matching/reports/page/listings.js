  const plain = (text) => String(text ?? "").normalize("NFKC").toLowerCase();
  const dictionaries = {
    request: request.id.map(plain),
    service: data.service.map(plain),
    post: data.post.map(plain),
    volunteer: data.volunteer.map((id, code) => plain(id) + "\n" + plain(personText(code))),
    station: station.id.map((id, code) => plain(id) + "\n" + plain(station.name[code])),
  };
  // Which codes of each dictionary have a word in them: rows are then compared by number.
  function matches(word) {
    return Object.fromEntries(Object.entries(dictionaries).map(
      ([name, entries]) => [name, entries.map((text) => text.includes(word))]));
  }
  const PAGE = 25, FEW = 12, MOST_PRINTED = { roster: 2000, unfilled: 200 };

  function cell(row, ...parts) {
    const element = made("td");
    element.append(...parts);
    row.append(element);
    return element;
  }
  function whenCell(row, code) {
    const parts = [dayText(dayOf(request.start[code])), made("small", clock(request.start[code], request.end[code]))];
    cell(row, ...parts).className = "when";
  }
  function serviceCell(row, code, post, ...more) {
    const said = saysPost ? [small(named(data.post[post]))] : [];
    return cell(row, named(serviceText(code)), ...said, ...more);
  }

  class Listing {
    constructor(root, table, row, heading) {
      Object.assign(this, { root, table, row, heading, page: 0 });
      this.fields = Object.fromEntries([...root.querySelectorAll("[data-filter]")]
        .map((field) => [field.dataset.filter, field]));
      this.buttons = [...root.querySelectorAll("[data-turn]")];
      this.body = root.querySelector("table");
      this.status = root.querySelector(".count");
      // Whoever sees all rows at once has nothing to search.
      root.querySelector(".filters").hidden = table.request.length <= FEW;
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
      optionsOf(this.fields[name], [["", say("all")], ...entries]);
      // What has one value tells nothing apart.
      this.fields[name].parentElement.hidden = entries.length < 2;
    }
    translate() {
      const days = unique(this.table.request.map((code) => dayOf(request.start[code])));
      this.options("day", days.sort((a, b) => a - b).map((day) => [day, dayText(day)]));
      if (this.fields.reason) {
        this.options("reason", data.reason.map((text, code) => [code, translated("reason_", text)]));
      }
      if (this.fields.station) {
        const codes = unique(this.table.request.map((code) => request.station[code]));
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
    // Shows one request, opened, among all others.
    find(code) {
      for (const field of Object.values(this.fields)) field.value = "";
      this.filter();
      this.page = Math.floor(Math.max(0, this.rows.findIndex((row) => this.table.request[row] === code)) / PAGE);
      this.show();
      const opened = [...this.root.querySelectorAll(`[data-request="${code}"]`)];
      for (const row of opened) for (const details of row.querySelectorAll("details")) details.open = true;
      const first = opened[0];
      first.scrollIntoView({ block: "center" });
      (first.querySelector("summary") ?? first).focus({ preventScroll: true });
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
          if (this.heading && places.length > 1) {
            const head = made("th");
            head.colSpan = this.body.tHead.rows[0].cells.length;
            head.scope = "rowgroup";
            head.append(named(stationText(place)));
            body.insertRow().append(head);
          }
        }
        const line = body.insertRow();
        line.dataset.request = this.table.request[row];
        line.tabIndex = -1;
        this.row(line, this.table, row);
      }
      this.status.textContent = !this.rows.length ? say("no_rows")
        : whole || pages === 1 ? say("every_row", count(this.rows.length))
          : say("rows", count(this.rows.length), count(this.page + 1), count(pages));
      for (const button of this.buttons) {
        const target = this.page + Number(button.dataset.turn);
        button.parentElement.hidden = pages === 1;
        button.setAttribute("aria-disabled", String(target < 0 || target >= pages));
      }
    }
  }

  // Why a seat is empty and who could come: opened by whoever wants to know.
  function answerOf(at, code) {
    if (!data.told || !data.told[at]) return [];
    const sentences = data.told[at][languages.indexOf(language)] ?? [], could = data.could[at];
    if (!sentences.length && !could.length) return [];
    const details = made("details"), list = made("ul");
    details.append(made("summary", could.length ? say("who_could", count(could.length)) : say("why_empty")));
    for (const text of sentences) list.append(made("li", text));
    if (sentences.length) details.append(list);
    if (!could.length) return [details];
    const names = made("ol");
    for (const [who, km, busy, known, start, end] of could) {
      const item = made("li");
      item.append(person(who));
      const said = [];
      if (km !== null) said.push(say("km", km.toLocaleString(locale)));
      if (start !== request.start[code]) said.push(dayText(dayOf(start)) + " " + clock(start, end));
      if (said.length) item.append(" ", small(said.join(", ")));
      const other = known ? Number(busy) : null;
      item.append(" ", busy === null ? made("span", say("is_free"), "free")
        : small(say("gives_up") + " ", named(known ? serviceText(other) : busy), known ? ", " + whenText(other) : ""));
      names.append(item);
    }
    details.append(made("p", say("could_come")), names);
    return [details];
  }

  const listings = {};
  function makeListings() {
    for (const root of document.querySelectorAll("[data-listing]")) {
      const name = root.dataset.listing;
      listings[name] = name === "roster"
        ? new Listing(root, data.roster, (row, table, at) => {
          const code = table.request[at], leads = request.lead[code] === table.volunteer[at];
          whenCell(row, code);
          serviceCell(row, code, table.post[at]);
          const who = cell(row, person(table.volunteer[at], leads));
          if (leads) who.append(made("small", say("lead")));
          cell(row, named(request.id[code])).className = "extra";
          if (data.status.length > 1) cell(row, translated("status_", data.status[table.status[at]])).className = "extra";
        }, true)
        : new Listing(root, data.unfilled, (row, table, at) => {
          const code = table.request[at];
          const place = places.length > 1 ? [small(named(stationText(request.station[code])))] : [];
          whenCell(row, code);
          if (table.options[at] > 1) row.cells[0].append(made("small", say("times", table.options[at])));
          serviceCell(row, code, table.post[at], ...place);
          cell(row, count(table.filled[at]) + "/" + count(table.seats[at])).className = "narrow";
          cell(row, translated("reason_", data.reason[table.reason[at]]), ...answerOf(at, code));
          cell(row, named(request.id[code])).className = "extra";
        }, false);
      listings[name].filter();
    }
  }
