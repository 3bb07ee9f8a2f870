"use strict";
// Texts of the data reach the page by textContent alone, so none of them is ever markup.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { request, station, texts } = data;
  const DAY = 1440, NONE = -1;
  const languages = ["en", "zh-CN"];
  let language = languages[0];
  // Of the language that is shown, as the reader's region writes days and times.
  let locale = language, clockFormat, dayFormat;

  const say = (name, ...values) => {
    let text = texts[name][languages.indexOf(language)];
    for (const value of values) text = text.replace("{}", () => value);
    return text;
  };
  const count = (number) => number.toLocaleString(locale);
  const monday = Date.parse(data.week + "T00:00Z");
  const moment = (minutes) => new Date(monday + minutes * 60000);
  function setLocale(chosen) {
    language = chosen;
    const own = chosen.slice(0, 2);
    locale = navigator.languages.find((one) => one.startsWith(own)) ?? chosen;
    const utc = { timeZone: "UTC" };
    clockFormat = new Intl.DateTimeFormat(locale, { ...utc, hour: "numeric", minute: "2-digit" });
    dayFormat = new Intl.DateTimeFormat(locale, { ...utc, weekday: "short", day: "numeric", month: "short" });
  }
  const dateText = (date) => dayFormat.format(date).replace("日周", "日 周");
  const dayText = (day) => dateText(moment(day * DAY));
  const dayOf = (minutes) => Math.floor(minutes / DAY);
  // Several ends past midnight say so; "9:00 – 11:00 AM" tells the half of the day once.
  function clock(start, end) {
    const nights = end % DAY === 0 ? 0 : dayOf(end) - dayOf(start);
    const text = end > start && dayOf(end) === dayOf(start)
      ? clockFormat.formatRange(moment(start), moment(end))
      : clockFormat.format(moment(start)) + "–" + clockFormat.format(moment(end));
    // Regions differ in the blanks around the dash; there is no room for them.
    return text.replace(/\s*–\s*/, "–").replace(/\u202f/g, "\u00a0") + (nights > 0 ? " +" + nights : "");
  }
  const whenText = (code) => dayText(dayOf(request.start[code])) + " " + clock(request.start[code], request.end[code]);

  const stationText = (code) => code === NONE ? say("no_place") : station.name[code];
  const personText = (code) => (data.name ?? data.volunteer)[code];
  const serviceText = (code) => data.service[request.service[code]];
  const unique = (values) => [...new Set(values)];
  const places = unique(request.station);
  const usualPost = "volunteer";
  const saysPost = data.post.some((post) => post !== usualPost);
  const translated = (prefix, text) => texts[prefix + text] ? say(prefix + text) : text;

  function made(tag, text, name) {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    if (name) element.className = name;
    return element;
  }
  // Text of the data keeps its direction to itself.
  const named = (text) => made("bdi", text);
  function person(code, leads) {
    const who = named(personText(code));
    if (data.name) who.title = data.volunteer[code];
    if (!leads) return who;
    const both = made("span");
    both.append(who, " ★");
    return both;
  }
  function small(...parts) {
    const element = made("small");
    element.append(...parts);
    return element;
  }
  function optionsOf(field, entries) {
    const chosen = field.value;
    field.replaceChildren(...entries.map(([value, text]) => {
      const option = made("option", text);
      option.value = value;
      return option;
    }));
    field.value = chosen;
    if (field.selectedIndex < 0) field.selectedIndex = 0;
  }

  // Rows of a table by the code of their request.
  function byRequest(table) {
    const rows = new Map();
    table.request.forEach((code, row) => {
      if (!rows.has(code)) rows.set(code, []);
      rows.get(code).push(row);
    });
    return rows;
  }
  const serving = byRequest(data.roster), lacking = byRequest(data.unfilled);
