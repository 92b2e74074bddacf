/* list: the rows of a folder, as an ARIA grid. Only rows in sight are elements, so ten thousand cost what forty cost. The
 * grid has the focus and names its current row (aria-activedescendant); what is in a row is reached by pointer, or by a
 * key of the grid. page.js makes one, gives it entries to show, and is told what is opened, chosen, or asked for. */
import { button, count, el, icon, size, when, write } from "./dom.js";
import { kindOf } from "./kinds.js";
import { lang, t } from "./words.js";

const SPARE = 8; // rows beyond the edges, so that a flick of the wheel finds them made

const COLUMNS = [
    { key: "name", word: "name", first: 1 },
    { key: "size", word: "size", first: -1 },
    { key: "mtime", word: "modified", first: -1 },
];

const names = new Intl.Collator(lang, { numeric: true, sensitivity: "base" });

const ORDER = {
    name: () => 0,
    size: (a, b) => a.size - b.size,
    mtime: (a, b) => (a.mtime ?? 0) - (b.mtime ?? 0),
};

/* Folders first; equal ones by name. */
export function sorted(entries, key, direction) {
    const order = ORDER[key];
    const named = key === "name" ? (a, b) => names.compare(a.name, b.name) : () => 0;
    return entries.sort((a, b) => b.folder - a.folder || direction * (order(a, b) || named(a, b))
                                  || names.compare(a.under + a.name, b.under + b.name));
}

export class List {
    #told; #rows = []; #shown = new Map(); #chosen = new Map(); #at = -1; #anchor = 0; #height = 44; #frame = 0;

    /* told: {open(entry, event), menu(entry, anchor), sort(key, direction), chosen()} */
    constructor(told) {
        this.#told = told;
        this.all = el("input", { type: "checkbox", tabindex: -1, "aria-label": t("selectAll"), onchange: () =>
            this.#everything() });
        this.heads = COLUMNS.map((column) => this.#head(column));
        this.body = el("div", { class: "rows", role: "rowgroup" });
        this.grid = el("div", { class: "grid", role: "grid", tabindex: 0, "aria-multiselectable": "true", id: "files",
                                "aria-colcount": 5, onkeydown: (event) => this.#key(event), onscroll: () => this.#soon(),
                                onfocus: () => this.#soon(), oncontextmenu: (event) => this.#menuKey(event) },
            el("div", { class: "heads", role: "rowgroup" },
                el("div", { class: "row", role: "row", "aria-rowindex": 1 },
                    el("div", { class: "cell check", role: "columnheader" }, this.all), this.heads,
                    el("div", { class: "cell more", role: "columnheader" }, el("span", { class: "unseen" },
                        t("more", ""))))),
            this.body);
        new ResizeObserver(() => this.#resized()).observe(this.grid);
    }

    #head({ key, word, first }) {
        const flip = (event) => {
            const now = event.currentTarget.parentNode.getAttribute("aria-sort");
            this.#told.sort(key, now === "none" ? first : now === "ascending" ? -1 : 1);
        };
        return el("div", { class: `cell ${key}`, role: "columnheader", "aria-sort": "none", "data-key": key },
                  el("button", { type: "button", class: "sort", onclick: flip }, t(word), icon("down")));
    }

    #resized() {
        this.#height = parseFloat(getComputedStyle(this.grid).getPropertyValue("--row")) || 44;
        this.#forget();
        this.#soon();
    }

    sort(key, direction) {
        for (const head of this.heads)
            head.setAttribute("aria-sort", head.dataset.key !== key ? "none" : direction > 0 ? "ascending" : "descending");
    }

    label(text) {
        this.grid.setAttribute("aria-label", text);
    }

    /* The rows from now on. What was chosen and is still there stays so; so does the current row. */
    show(rows) {
        const current = this.#rows[this.#at]?.url;
        this.#rows = rows;
        this.#at = current === undefined ? -1 : rows.findIndex((row) => row.url === current);
        if (this.#chosen.size) {
            const still = rows.filter((row) => this.#chosen.has(row.url));
            if (still.length !== this.#chosen.size) {
                this.#chosen = new Map(still.map((row) => [row.url, row]));
                this.#told.chosen();
            }
        }
        this.#forget();
        this.#soon();
    }

    /* Another folder: from the top, nothing chosen. */
    clear() {
        this.#chosen.clear();
        this.#at = -1;
        this.grid.scrollTop = 0;
        this.show([]);
        this.#told.chosen();
    }

    get chosen() { return [...this.#chosen.values()]; }
    get current() { return this.#rows[this.#at]; }
    /* What a command is about: what is chosen, else the current row. */
    get subject() { return this.#chosen.size ? this.chosen : this.current ? [this.current] : []; }

    unchoose() {
        this.#chosen.clear();
        this.#changed();
    }

    focus(url) {
        const at = url ? this.#rows.findIndex((row) => row.url === url) : this.#at;
        if (at >= 0)
            this.#move(at);
        this.grid.focus();
    }

    #changed() {
        for (const [index, node] of this.#shown)
            this.#mark(node, index);
        const all = this.#rows.length > 0 && this.#chosen.size === this.#rows.length;
        this.all.checked = all;
        this.all.indeterminate = this.#chosen.size > 0 && !all;
        this.#told.chosen();
    }

    #everything() {
        const all = this.#chosen.size === this.#rows.length;
        this.#chosen = new Map(all ? [] : this.#rows.map((row) => [row.url, row]));
        this.#changed();
    }

    #choose(index, range) {
        const from = range ? Math.min(this.#anchor, index) : index;
        const to = range ? Math.max(this.#anchor, index) : index;
        const off = !range && this.#chosen.has(this.#rows[index].url);
        for (const row of this.#rows.slice(Math.max(from, 0), to + 1))
            if (off)
                this.#chosen.delete(row.url);
            else
                this.#chosen.set(row.url, row);
        if (!range)
            this.#anchor = index;
        this.#at = index;
        this.#changed();
    }

    /* ---- drawing ---- */

    #forget() {
        for (const node of this.#shown.values())
            node.remove();
        this.#shown.clear();
    }

    #soon() {
        this.#frame ||= requestAnimationFrame(() => {
            this.#frame = 0;
            this.#draw();
        });
    }

    #draw() {
        const height = this.#height;
        const first = Math.max(0, Math.floor(this.grid.scrollTop / height) - SPARE);
        const end = Math.min(this.#rows.length, Math.ceil((this.grid.scrollTop + this.grid.clientHeight) / height) + SPARE);
        this.body.style.blockSize = `${this.#rows.length * height}px`;
        this.grid.setAttribute("aria-rowcount", this.#rows.length + 1);
        for (const [index, node] of this.#shown)
            if (index < first || index >= end) {
                node.remove();
                this.#shown.delete(index);
            }
        let before = null; // in their order, as a screen reader walks them
        for (let index = end - 1; index >= first; index--) {
            let node = this.#shown.get(index);
            if (!node) {
                node = this.#row(this.#rows[index], index);
                this.#shown.set(index, node);
                this.body.insertBefore(node, before);
            }
            before = node;
        }
        this.#point();
    }

    #row(entry, index) {
        const name = entry.folder ? `${entry.name}/` : entry.name;
        const kind = entry.folder ? "folder" : kindOf(entry.name);
        const bytes = entry.folder ? "" : size(entry.size);
        const link = el("a", { class: "open", href: entry.url, tabindex: -1, draggable: "false",
                               onclick: (event) => this.#open(index, event) },
                        entry.under ? el("span", { class: "under" }, entry.under) : null, el("bdi", {}, entry.name));
        const box = el("input", { type: "checkbox", tabindex: -1, "aria-label": t("select", name),
                                  onclick: (event) => this.#choose(index, event.shiftKey) });
        const more = button("more", t("more", name), (event) => this.#told.menu(entry, event.currentTarget),
                            { tabindex: -1, "aria-haspopup": "menu" });
        const row = el("div", { class: "row", role: "row", id: `row${index}`, "aria-rowindex": index + 2 },
            el("div", { class: "cell check", role: "gridcell" }, box),
            el("div", { class: "cell name", role: "rowheader" }, icon(kind),
               el("span", { class: "label" }, link, el("span", { class: "facts", "aria-hidden": "true" },
                                                       [bytes, when(entry.mtime)].filter(Boolean).join(" · ")))),
            el("div", { class: "cell size", role: "gridcell" }, entry.folder ? el("span", { class: "unseen" }, t("folder"))
                : bytes),
            el("div", { class: "cell mtime", role: "gridcell" }, when(entry.mtime)),
            el("div", { class: "cell more", role: "gridcell" }, more));
        row.style.transform = `translateY(${index * this.#height}px)`;
        this.#mark(row, index);
        return row;
    }

    #mark(node, index) {
        const chosen = this.#chosen.has(this.#rows[index].url);
        node.setAttribute("aria-selected", chosen);
        node.querySelector("input").checked = chosen;
        node.classList.toggle("current", index === this.#at);
    }

    #point() {
        for (const [index, node] of this.#shown)
            node.classList.toggle("current", index === this.#at);
        if (this.#shown.has(this.#at))
            this.grid.setAttribute("aria-activedescendant", `row${this.#at}`);
        else
            this.grid.removeAttribute("aria-activedescendant");
    }

    /* ---- keys and pointer ---- */

    #open(index, event) {
        this.#at = index;
        this.#point();
        this.#told.open(this.#rows[index], event);
    }

    #move(to, range) {
        if (!this.#rows.length)
            return;
        const from = this.#at;
        to = Math.min(Math.max(to, 0), this.#rows.length - 1);
        const top = to * this.#height;
        const head = this.heads[0].parentNode.offsetHeight;
        const room = this.grid.clientHeight - head;
        if (top < this.grid.scrollTop)
            this.grid.scrollTop = top;
        else if (top + this.#height > this.grid.scrollTop + room)
            this.grid.scrollTop = top + this.#height - room;
        if (range) {
            if (!this.#chosen.size)
                this.#anchor = Math.max(from, 0);
            this.#choose(to, true);
        } else {
            this.#at = to;
        }
        this.#draw();
    }

    #menuKey(event) {
        if (event.button === 2 || !this.current) // a right click has the browser's own menu: it knows "open in a new tab"
            return;
        event.preventDefault();
        this.#told.menu(this.current, this.#shown.get(this.#at)?.querySelector("button") ?? this.grid);
    }

    #key(event) {
        if (event.target !== this.grid || event.altKey)
            return;
        const page = Math.max(1, Math.floor(this.grid.clientHeight / this.#height) - 2);
        const steps = { ArrowDown: this.#at + 1, ArrowUp: this.#at < 0 ? 0 : this.#at - 1, Home: 0,
            End: this.#rows.length - 1,
                        PageDown: this.#at + page, PageUp: this.#at - page };
        const acts = {
            " ": () => this.current && this.#choose(this.#at, event.shiftKey),
            Enter: () => this.current && this.#told.open(this.current, event),
            Escape: () => this.unchoose(),
        };
        if (event.key === "a" && (event.ctrlKey || event.metaKey))
            this.#everything();
        else if (event.key in steps && !event.ctrlKey)
            this.#move(steps[event.key], event.shiftKey);
        else if (event.key in acts)
            acts[event.key]();
        else
            return;
        event.preventDefault();
    }

    /* "12 items", for the foot of the page. */
    static sum(shown, all) {
        return shown === all ? (all === 1 ? t("item") : t("items", count(all))) : t("itemsOf", count(shown), count(all));
    }
}
