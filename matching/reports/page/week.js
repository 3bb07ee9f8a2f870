  // The week as a grid: a row for each shift that comes back on several days, or for each part of
  // the day where few do; on a phone, day by day.
  class Week {
    constructor() {
      this.root = document.getElementById("grid");
      this.field = document.getElementById("week-station");
      this.status = document.getElementById("week-count");
      this.narrow = matchMedia("(max-width: 40rem)");
      this.few = request.id.length <= Week.MOST;
      document.getElementById("week-filter").hidden = places.length < 2;
      this.field.addEventListener("input", () => this.show());
      this.narrow.addEventListener("change", () => this.show());
    }
    translate() {
      const sorted = [...places].sort((a, b) => (a === NONE) - (b === NONE)
        || stationText(a).localeCompare(stationText(b), locale));
      const all = this.few || places.length < 2 ? [["", say("all")]] : [];
      const fresh = this.field.options.length === 0;
      optionsOf(this.field, [...all, ...sorted.map((code) => [code, stationText(code)])]);
      if (fresh && !all.length && places.length > 1) this.field.value = this.neediest();
      this.show();
    }
    // The station with the most open seats.
    neediest() {
      const open = new Map(places.map((code) => [code, 0]));
      data.unfilled.request.forEach((code, row) => {
        const place = request.station[code];
        open.set(place, open.get(place) + data.unfilled.seats[row] - data.unfilled.filled[row]);
      });
      return places.reduce((a, b) => open.get(b) > open.get(a) ? b : a);
    }
    show(narrow = this.narrow.matches) {
      const place = this.field.value === "" ? null : Number(this.field.value);
      const every = request.id.map((_, code) => code)
        .filter((code) => place === null || request.station[code] === place)
        .sort((a, b) => request.start[a] - request.start[b] || request.end[a] - request.end[b]
          || serviceText(a).localeCompare(serviceText(b), locale) || a - b);
      const codes = every.slice(0, Week.MOST);
      this.saysPlace = place === null && places.length > 1;
      const left = every.length - codes.length;
      this.status.textContent = left > 0 ? say("week_more", count(codes.length), count(every.length)) : "";
      this.root.replaceChildren(...(narrow ? this.days(codes) : [this.table(codes)]));
    }
    days(codes) {
      return unique(codes.map((code) => dayOf(request.start[code]))).map((day) => {
        const section = made("section", undefined, "oneday");
        const ofDay = codes.filter((code) => dayOf(request.start[code]) === day);
        section.append(made("h3", dayText(day)), ...ofDay.map((code) => this.card(code, true)));
        return section;
      });
    }
    table(codes) {
      const days = unique(codes.map((code) => dayOf(request.start[code]))).sort((a, b) => a - b);
      const shift = (code) => [request.start[code] % DAY, request.end[code] - request.start[code],
        request.service[code], request.station[code]].join();
      const part = (code) => Math.min(Math.floor((request.start[code] % DAY) / 360), 3);
      const recurs = codes.length >= 2 * unique(codes.map(shift)).length;
      const keyOf = recurs ? shift : part;
      const rows = new Map();
      const ofDay = (code) => request.start[code] % DAY;
      for (const code of [...codes].sort((a, b) => ofDay(a) - ofDay(b))) {
        if (!rows.has(keyOf(code))) rows.set(keyOf(code), []);
        rows.get(keyOf(code)).push(code);
      }
      const table = made("table", undefined, recurs ? "grid" : "grid parts");
      table.setAttribute("aria-labelledby", "week-title");
      const head = table.createTHead().insertRow();
      for (const text of [say("shift"), ...days.map(dayText)]) {
        const cell = made("th", text);
        cell.scope = "col";
        head.append(cell);
      }
      const body = table.createTBody();
      for (const [key, ofRow] of rows) {
        const row = body.insertRow(), label = made("th");
        label.scope = "row";
        if (recurs) label.append(...this.about(ofRow[0]));
        else label.textContent = say(["night", "morning", "afternoon", "evening"][key]);
        row.append(label);
        for (const day of days) {
          const cards = ofRow.filter((code) => dayOf(request.start[code]) === day);
          row.insertCell().append(...cards.map((code) => this.card(code, !recurs)));
        }
      }
      return table;
    }
    about(code) {
      const time = made("b", clock(request.start[code], request.end[code]));
      const parts = [time, " ", named(serviceText(code))];
      if (this.saysPlace) parts.push(" ", small(named(stationText(request.station[code]))));
      return parts;
    }
    card(code, saysAll) {
      const lacks = lacking.get(code) ?? [];
      const card = made("div", undefined, lacks.length ? "shift short" : "shift");
      if (saysAll) {
        const about = made("div", undefined, "about");
        about.append(...this.about(code));
        card.append(about);
      }
      const posts = new Map();
      for (const row of serving.get(code) ?? []) {
        const post = data.roster.post[row];
        if (!posts.has(post)) posts.set(post, []);
        posts.get(post).push(person(data.roster.volunteer[row],
          request.lead[code] === data.roster.volunteer[row]));
      }
      for (const [post, people] of posts) {
        const line = made("div");
        if (data.post[post] !== usualPost) line.append(small(named(data.post[post])), " ");
        people.forEach((who, at) => line.append(at ? ", " : "", who));
        card.append(line);
      }
      for (const row of lacks) {
        const empty = data.unfilled.seats[row] - data.unfilled.filled[row];
        const link = made("button", say("open_seats", count(empty)), "open");
        const post = data.post[data.unfilled.post[row]];
        if (post !== usualPost) link.append(" ", small(named(post)));
        link.type = "button";
        link.addEventListener("click", () => listings.unfilled.find(code));
        card.append(link);
      }
      return card;
    }
  }
  Week.MOST = 150;
