  setLocale(language);
  makeListings();
  const week = new Week();

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

  // The orders that wait for somebody, the first few; each leads to who could come.
  const MOST_NAMED = 8;
  function nameOrders(element) {
    const wanted = element.dataset.orders === "nobody";
    const codes = [...lacking.keys()].filter((code) => serving.has(code) !== wanted);
    codes.sort((a, b) => request.start[a] - request.start[b] || a - b);
    element.replaceChildren(...codes.slice(0, MOST_NAMED).map((code) => {
      const link = made("button", undefined, "order");
      link.type = "button";
      link.append(whenText(code) + " ", named(serviceText(code)));
      link.addEventListener("click", () => listings.unfilled.find(code));
      return link;
    }));
    const left = codes.length - MOST_NAMED;
    if (left > 0) element.append(small(say("more_orders", count(left))));
  }

  function speak(chosen, keep) {
    setLocale(chosen);
    document.documentElement.lang = chosen;
    document.title = say("title") + " " + data.week;
    for (const element of document.querySelectorAll("[data-label]")) {
      element.setAttribute("aria-label", say(element.dataset.label));
    }
    for (const element of document.querySelectorAll("[data-day]")) {
      element.textContent = dateText(new Date(element.dataset.day + "T00:00Z"));
    }
    for (const button of document.querySelectorAll("[data-language]")) {
      button.setAttribute("aria-pressed", String(button.dataset.language === chosen));
    }
    if (shown) shown.textContent = "";
    for (const element of document.querySelectorAll("[data-orders]")) nameOrders(element);
    week.translate();
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
    week.show(false);
    for (const [name, listing] of Object.entries(listings)) {
      if (listing.rows.length <= MOST_PRINTED[name]) listing.show(true);
      else listing.status.textContent = say("too_many", count(listing.rows.length));
    }
  });
  addEventListener("afterprint", () => {
    week.show();
    for (const listing of Object.values(listings)) listing.show();
  });
})();
