// What is wrong with the page, in words. WCAG 2.2: 1.3.1, 1.4.3, 1.4.10, 2.4.4, 2.4.6, 4.1.2.
() => {
  const faults = [];
  const shown = (e) => e.getClientRects().length > 0 && getComputedStyle(e).visibility !== "hidden";
  const all = (query) => [...document.querySelectorAll(query)].filter(shown);
  const nameOf = (e) => (e.labels?.length ? e.labels[0] : e).textContent.trim().replace(/\s+/g, " ");

  for (const query of ["header", "main", "h1"]) {
    const count = all(query).length;
    if (count !== 1) faults.push(`${count} of <${query}>`);
  }
  if (!document.documentElement.lang) faults.push("no language");
  if (!document.title.endsWith(" · CalSync")) faults.push(`title: ${document.title}`);

  let level = 0;
  for (const heading of all("h1,h2,h3,h4")) {
    const next = Number(heading.tagName[1]);
    if (next > level + 1) faults.push(`heading skips a level: ${heading.textContent}`);
    level = next;
  }

  for (const e of all("a,button,input,select")) {
    if (!nameOf(e)) faults.push(`no name: ${e.outerHTML}`);
  }
  const goals = new Map();
  for (const link of all("header a, main a:not(.event a)")) {
    const known = goals.get(nameOf(link)) ?? link.href;
    if (known !== link.href) faults.push(`one name, two goals: ${nameOf(link)}`);
    goals.set(nameOf(link), known);
  }

  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  for (const id of ids) {
    if (ids.indexOf(id) !== ids.lastIndexOf(id)) faults.push(`id twice: ${id}`);
  }
  for (const reference of ["aria-labelledby", "aria-describedby"]) {
    for (const e of document.querySelectorAll(`[${reference}]`)) {
      const id = e.getAttribute(reference);
      if (!ids.includes(id)) faults.push(`nothing has the id ${id}`);
    }
  }

  if (document.documentElement.scrollWidth > innerWidth) faults.push("scrolls sideways");

  // Colours are blended down to the page's own.
  const rgba = (colour) => {
    const [red, green, blue, alpha = 1] = colour.match(/[\d.]+/g).map(Number);
    return { rgb: [red, green, blue], alpha };
  };
  const over = ({ rgb, alpha }, below) => rgb.map((v, i) => v * alpha + below[i] * (1 - alpha));
  const ground = (e) =>
    over(
      rgba(getComputedStyle(e).backgroundColor),
      e.parentElement ? ground(e.parentElement) : [255, 255, 255],
    );
  const luminance = (rgb) =>
    rgb
      .map((v) => v / 255)
      .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
      .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const contrast = (e) => {
    const below = ground(e);
    const [low, high] = [luminance(below), luminance(over(rgba(getComputedStyle(e).color), below))]
      .sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const { data, parentElement: e } = texts.currentNode;
    if (!data.trim() || !shown(e) || e.closest(".unseen, .skip, option, :disabled")) continue;
    if (contrast(e) < 4.5) faults.push(`contrast ${contrast(e).toFixed(2)}: ${data.trim()}`);
  }
  return faults;
}
