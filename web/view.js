/* view: looks at a file without downloading it: images, text, audio, video, PDF. What the browser cannot show says so and
 * offers the download. Content never becomes part of this page: text is a text node, the rest stands in elements that run
 * nothing of it. */
import * as api from "./api.js";
import { button, el, icon, size } from "./dom.js";
import { kindOf, shows } from "./kinds.js";
import { because, t } from "./words.js";

const TEXT_BYTES = 256 * 1024;

const failed = (entry, sentence) => el("div", { class: "state" }, icon(kindOf(entry.name)), el("p", {}, sentence),
    el("a", { class: "button strong", href: entry.url, download: entry.name }, icon("download"), t("download")));

function media(tag, attributes) {
    const label = tag === "img" ? "alt" : "aria-label";
    return (entry, place) => place.append(el(tag, { ...attributes, src: entry.url, [label]: entry.name,
                                                    onerror: () => place.replaceChildren(failed(entry, t("previewNot"))) }));
}

async function text(entry, place, signal) {
    try {
        const content = await api.beginning(entry.url, TEXT_BYTES, signal);
        if (entry.size > TEXT_BYTES)
            place.append(el("p", { class: "part" }, t("previewPart", size(TEXT_BYTES), size(entry.size))));
        place.append(el("pre", { tabindex: 0, "aria-label": entry.name }, content));
    } catch (error) {
        if (error.name !== "AbortError")
            place.append(failed(entry, because(error)));
    }
}

const SHOW = {
    image: media("img", {}),
    video: media("video", { controls: true, playsinline: true, preload: "metadata" }),
    audio: media("audio", { controls: true, preload: "metadata" }),
    pdf: (entry, place) => place.append(el("iframe", { src: entry.url, title: entry.name })),
    text,
};

/* One dialog for all: open(entry, entries) shows it, and left and right go through the others that can be shown.
 * moved(entry or null, first): what is shown now; first: nothing was before. */
export class View {
    #entry = null; #entries = []; #stop = new AbortController(); #moved; #before = null;

    constructor(moved) {
        this.#moved = moved;
        this.title = el("h2", { id: "view-title" });
        this.previous = button("left", t("previous"), () => this.#step(-1));
        this.next = button("right", t("next"), () => this.#step(1));
        this.save = el("a", { class: "button bare", title: t("download"), "aria-label": t("download") }, icon("download"));
        this.place = el("div", { class: "place" });
        this.box = el("dialog", { class: "view", tabindex: -1, "aria-labelledby": "view-title", onkeydown: (event) =>
            this.#key(event),
                                  onclose: () => this.#closed() },
            el("div", { class: "top" }, this.title, this.previous, this.next, this.save,
               button("close", t("close"), () => this.box.close())), this.place);
    }

    get entry() { return this.#entry; }

    open(entry, entries) {
        this.#entries = entries.filter(shows);
        this.#before ??= document.activeElement;
        if (!this.box.open) {
            document.body.append(this.box);
            this.box.showModal();
        }
        this.#show(entry);
    }

    close() {
        if (this.box.open)
            this.box.close();
    }

    #show(entry) {
        this.#stop.abort();
        this.#stop = new AbortController();
        const first = !this.#entry;
        this.#entry = entry;
        const at = this.#entries.findIndex((one) => one.url === entry.url);
        this.title.replaceChildren(el("bdi", {}, entry.name));
        this.previous.disabled = at <= 0;
        this.next.disabled = at < 0 || at + 1 >= this.#entries.length;
        this.save.href = entry.url;
        this.save.download = entry.name;
        this.place.replaceChildren();
        this.place.dataset.kind = kindOf(entry.name);
        SHOW[kindOf(entry.name)]?.(entry, this.place, this.#stop.signal);
        this.#moved(entry, first);
        if (document.activeElement.disabled || !this.box.contains(document.activeElement))
            this.box.focus(); // else the keys go nowhere
    }

    #step(by) {
        const to = this.#entries[this.#entries.findIndex((one) => one.url === this.#entry.url) + by];
        if (to)
            this.#show(to);
    }

    #key(event) {
        const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (!by || /^(VIDEO|AUDIO|INPUT)$/.test(event.target.tagName)) // there, they move the play head
            return;
        event.preventDefault();
        this.#step(by);
    }

    #closed() {
        this.#stop.abort();
        this.#entry = null;
        this.place.replaceChildren(); // what plays, stops
        this.#moved(null);
        this.#before?.focus?.();
        this.#before = null;
    }
}
