/* dom: elements made by code, icons, and how numbers look. A child that is a string becomes a text node, so a name is
 * never markup. Whoever draws calls it; it owns nothing and cannot fail. */
import { lang, t } from "./words.js";

/* el("a", {class: "x", href: "/", onclick: f}, "text", child, null): null and false children are left out, so are such
 * attributes. */
export function el(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes))
        if (key.startsWith("on"))
            made.addEventListener(key.slice(2), value);
        else if (value !== null && value !== false && value !== undefined)
            made.setAttribute(key, value === true ? "" : value);
    made.append(...children.flat().filter((child) => child !== null && child !== false && child !== undefined));
    return made;
}

/* Writes only what differs: a screen reader hears of each write, and the browser lays out after it. */
export function write(node, text) {
    if (node.textContent !== text)
        node.textContent = text;
}

const SVG = "http://www.w3.org/2000/svg";

/* Drawn on 24 x 24, by strokes. */
const SHEET = "M7 3h7l5 5v11a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2zM14 3v5h5";
const CASE = "M3 7.5a2 2 0 0 1 2-2h4l2 2.5h8a2 2 0 0 1 2 2V17a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2z";
const TRAY = "M4 16v3a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1v-3";
const SHAPES = {
    folder: CASE,
    file: SHEET,
    image: "M5 4h14a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1zM4 17l5-5 4 4 3-3 4 4M15.5 9h.01",
    video: "M5 5h14a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1zM10 9v6l5-3z",
    audio: "M9 18V6l10-2v12M9 18a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0zM19 16a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0z",
    text: `${SHEET}M8.5 13h7M8.5 16.5h5`,
    pdf: `${SHEET}M9 17v-4h1.5a1.3 1.3 0 0 1 0 2.6H9M14 13v4`,
    archive: "M4 8h16v11a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1zM3 4h18v4H3zM10 12h4",
    upload: `M12 16V4M7 9l5-5 5 5${TRAY}`,
    download: `M12 4v12M7 11l5 5 5-5${TRAY}`,
    plus: `${CASE}M12 11v5M9.5 13.5h5`,
    search: "M16 16l5 5M18 10.5a7.5 7.5 0 1 1-15 0 7.5 7.5 0 0 1 15 0z",
    more: "M5 12h.01M12 12h.01M19 12h.01",
    close: "M6 6l12 12M18 6L6 18",
    pause: "M8 5v14M16 5v14",
    play: "M7 5l12 7-12 7z",
    retry: "M20 5v5h-5M19.4 14.5a8 8 0 1 1-.7-7L20 10",
    left: "M15 5l-7 7 7 7",
    right: "M9 5l7 7-7 7",
    down: "M5 9l7 7 7-7",
    up: "M5 15l7-7 7 7",
    link: "M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.7l-1.3 1.3M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.7 5.7l1.3-1.3",
    qr: "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2v2h-2zM18 18h2v2h-2zM19 14h1M14 19h1",
    pen: "M4 20l1-4L16 5l3 3L8 19zM13.5 7.5l3 3",
    bin: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5",
    person: "M16 8a4 4 0 1 1-8 0 4 4 0 0 1 8 0zM4 21a8 8 0 0 1 16 0",
    done: "M5 12.5l5 5L20 7",
    warn: "M12 4l9 16H3zM12 10v4M12 17h.01",
    home: "M4 11l8-7 8 7v8a1 1 0 0 1-1 1h-4v-6H9v6H5a1 1 0 0 1-1-1z",
};

export function icon(name) {
    const svg = document.createElementNS(SVG, "svg");
    const path = document.createElementNS(SVG, "path");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("class", `icon icon-${name}`);
    svg.setAttribute("aria-hidden", "true");
    path.setAttribute("d", SHAPES[name] ?? SHAPES.file);
    svg.append(path);
    return svg;
}

/* A button with an icon; the label is read aloud and shown when the pointer rests on it, or stands beside it. */
export function button(name, label, onclick, { shown = false, ...more } = {}) {
    return el("button", { type: "button", class: shown ? "button" : "button bare", onclick, title: shown ? null : label,
                          "aria-label": label, ...more },
              name ? icon(name) : null, shown ? el("span", { class: "label" }, label) : null);
}

const number = new Intl.NumberFormat(lang);
const short = new Intl.NumberFormat(lang, { maximumSignificantDigits: 3 });
const whole = new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "short" });
const UNITS = ["B", "KB", "MB", "GB", "TB", "PB"];

export const count = (n) => number.format(n);

export function size(bytes) {
    let unit = 0;
    while (bytes >= 1000 && unit < UNITS.length - 1) {
        bytes /= 1000;
        unit++;
    }
    return `${unit ? short.format(bytes) : number.format(bytes)} ${UNITS[unit]}`;
}

export const when = (seconds) => (Math.abs(seconds) < 1e11 ? whole.format(seconds * 1000) : "");

export function duration(seconds) {
    if (seconds < 60)
        return t("seconds", Math.max(1, Math.round(seconds)));
    return seconds < 5400 ? t("minutes", Math.round(seconds / 60)) : t("hours", Math.round(seconds / 3600));
}
